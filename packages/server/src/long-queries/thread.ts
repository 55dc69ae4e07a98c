// One worker thread that answers queries, one after the other.

import { Worker } from 'node:worker_threads'
import { QueryError } from '@promlet/model'
import type { Ask, AskLookup, Reply, ThreadSettings } from './messages.ts'

export interface Thread {
  /** Not before the answer to the last one. @throws QueryError when the thread ends before it has answered. */
  run(ask: Ask | AskLookup): Promise<Reply>
  /** Tells the query that runs to end; it hears it between series. */
  stop(): void
  /** Ends the thread in the middle of whatever it does. */
  kill(): Promise<void>
  /** Ends the thread after what it does. */
  close(): Promise<void>
}

/** Starts a thread, which does not keep the process alive. `ended` is called when it is gone, whatever the reason. */
export function startThread(settings: Omit<ThreadSettings, 'stop'>, ended: (reason: Error | undefined) => void): Thread {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('./query-thread.ts', import.meta.url), { workerData: { ...settings, stop } })
  let current: PromiseWithResolvers<Reply> | undefined
  let reason: Error | undefined
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.unref()
  worker.on('message', (reply: Reply) => current?.resolve(reply))
  worker.on('error', (error: Error) => {
    reason = error
  })
  worker.once('exit', () => {
    current?.reject(lost(reason))
    ended(reason)
  })
  return {
    run(ask) {
      Atomics.store(stop, 0, 0)
      current = Promise.withResolvers<Reply>()
      worker.postMessage(ask)
      return current.promise
    },
    stop: () => void Atomics.store(stop, 0, 1),
    async kill() {
      await worker.terminate()
    },
    async close() {
      worker.ref()
      worker.postMessage('close')
      await exited
    },
  }
}

function lost(reason: Error | undefined): QueryError {
  const isMemory = (reason as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  const message = isMemory ? 'query needs more memory than its thread may have' : 'the thread that ran the query has ended'
  return new QueryError('execution', message, { cause: reason })
}
