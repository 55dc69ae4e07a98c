// Runs in a worker thread; see thread.ts. The same engine as on the main thread, over a connection of its own to the
// store's file: each query sees what was committed before it reads.

import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '@promlet/model'
import { createEngine, type PromqlEngine } from '@promlet/promql'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type Store } from '@promlet/tsdb'
import { type Ask, failure, type Reply, type ThreadSettings } from './messages.ts'

const { path, query: settings, stop } = workerData as ThreadSettings

let store: Store | undefined
let engine: PromqlEngine | undefined
let subqueryStepMs = 0

async function open(): Promise<PromqlEngine> {
  store = await openStore({ path, readonly: true, clock: systemClock, logger: silentLogger, registry: createRegistry() })
  return createEngine({
    queryable: store,
    clock: systemClock,
    ...settings,
    defaultSubqueryStepMs: () => subqueryStepMs,
    isCanceled: () => Atomics.load(stop, 0) !== 0,
  })
}

async function reply(ask: Ask): Promise<Reply> {
  try {
    engine ??= await open()
    subqueryStepMs = ask.subqueryStepMs
    const { query, start, end, step, form, options } = ask
    if (form === 'explained') {
      const when = step === 0 ? { at: start } : { start, end, step }
      return { kind: 'explained', answer: await engine.explain(query, when, options) }
    }
    if (form !== 'values') {
      const answer = await engine.write({ query, start, end, step }, form.limit, options)
      return { kind: 'written', answer: { ...answer, pieces: Array.from(answer.pieces, (piece) => piece.slice()) } }
    }
    const answer = await (step === 0 ? engine.instant(query, start, options) : engine.range(query, start, end, step, options))
    return { kind: 'answer', answer }
  } catch (error) {
    return failure(error)
  }
}

parentPort?.on('message', async (message: Ask | 'close') => {
  if (message === 'close') {
    await store?.close()
    return parentPort?.close()
  }
  const answer = await reply(message)
  // Written answers are moved, not copied.
  parentPort?.postMessage(answer, answer.kind === 'written' ? answer.answer.pieces.map(({ buffer }) => buffer as ArrayBuffer) : [])
})
