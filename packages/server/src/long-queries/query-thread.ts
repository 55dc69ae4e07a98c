// Runs in a worker thread; see thread.ts. The same engine as on the main thread, over a connection of its own to the
// store's file: each query sees what was committed before it reads.

import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '@promlet/model'
import { createEngine, type PromqlEngine } from '@promlet/promql'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type Store } from '@promlet/tsdb'
import { look } from '../api/lookups.ts'
import { type Ask, type AskLookup, askedLookup, failure, type Reply, type ThreadSettings } from './messages.ts'

const { path, query: settings, stop } = workerData as ThreadSettings

interface Opened {
  readonly store: Store
  readonly engine: PromqlEngine
}

let opened: Opened | undefined
let subqueryStepMs = 0

async function open(): Promise<Opened> {
  const store = await openStore({ path, readonly: true, clock: systemClock, logger: silentLogger, registry: createRegistry() })
  const engine = createEngine({
    queryable: store,
    clock: systemClock,
    ...settings,
    defaultSubqueryStepMs: () => subqueryStepMs,
    isCanceled: () => Atomics.load(stop, 0) !== 0,
  })
  return { store, engine }
}

async function reply(ask: Ask | AskLookup): Promise<Reply> {
  try {
    opened ??= await open()
    const { store, engine } = opened
    if ('lookup' in ask) {
      const { text, warnings } = await look(askedLookup(ask), store, {})
      return { kind: 'found', text: new TextEncoder().encode(text), warnings }
    }
    subqueryStepMs = ask.subqueryStepMs
    const { query, start, end, step, form, options } = ask
    if (form === 'explained') {
      const when = step === 0 ? { at: start } : { start, end, step }
      return { kind: 'explained', answer: await engine.explain(query, when, options) }
    }
    if (form !== 'values') {
      const answer = await engine.write({ query, start, end, step }, form.limit, options)
      const { json } = answer
      return { kind: 'written', answer: { ...answer, json: typeof json === 'string' ? json : Array.from(json, (piece) => piece.slice()) } }
    }
    const answer = await (step === 0 ? engine.instant(query, start, options) : engine.range(query, start, end, step, options))
    return { kind: 'answer', answer }
  } catch (error) {
    return failure(error)
  }
}

parentPort?.on('message', async (message: Ask | AskLookup | 'close') => {
  if (message === 'close') {
    await opened?.store.close()
    return parentPort?.close()
  }
  const answer = await reply(message)
  parentPort?.postMessage(answer, moved(answer))
})

/** Written answers are moved, not copied. */
function moved(answer: Reply): ArrayBuffer[] {
  if (answer.kind === 'found') return [answer.text.buffer]
  if (answer.kind !== 'written' || typeof answer.answer.json === 'string') return []
  return answer.answer.json.map(({ buffer }) => buffer as ArrayBuffer)
}
