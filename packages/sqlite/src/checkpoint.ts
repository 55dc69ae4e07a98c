// Moving the log's pages into the database syncs the disk: on the writer's thread one commit took 124 ms for it.
// So a worker with a connection of its own does it. `passive` never stops the writer but may leave pages behind
// when the writer is quicker; `truncate` empties the log and takes the writer's lock meanwhile, so the owner holds
// its own writes back until the answer is there.

import { Worker } from 'node:worker_threads'
import { DatabaseError } from './error.ts'

export type CheckpointMode = 'passive' | 'truncate'

export interface CheckpointResult {
  /** True when readers or a writer kept it from ending. */
  readonly busy: boolean
  /** Pages in the log, and how many of these the database has now. */
  readonly logPages: number
  readonly movedPages: number
}

export interface Checkpointer {
  /** Starts the worker, so that the first checkpoint need not wait for it. */
  prepare(): void
  /** @throws DatabaseError when SQLite failed, for example for a full disk. */
  checkpoint(mode: CheckpointMode): Promise<CheckpointResult>
  /** Ends the worker after the checkpoint in progress. */
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (result: CheckpointResult) => void
  readonly reject: (error: Error) => void
}

/** What the worker answers. */
export type CheckpointAnswer = { readonly result: CheckpointResult } | { readonly code: DatabaseError['code']; readonly message: string }

/** A checkpointer for a file in WAL mode. Its worker starts with the first checkpoint and does not keep the process alive. */
export function createCheckpointer(path: string): Checkpointer {
  let worker: Worker | undefined
  const waiting: Waiting[] = []

  function start(): Worker {
    const started = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
      workerData: path,
      // It holds a connection and nothing else.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 },
    })
    started.unref()
    started.on('message', (answer: CheckpointAnswer) => {
      const next = waiting.shift()
      if ('result' in answer) next?.resolve(answer.result)
      else next?.reject(new DatabaseError(answer.code, answer.message))
      if (waiting.length === 0) started.unref()
    })
    const fail = (error: Error) => {
      worker = undefined
      for (const next of waiting.splice(0)) next.reject(error)
    }
    started.on('error', (error: Error) => fail(new DatabaseError('internal', `${path}: the checkpoint worker failed`, { cause: error })))
    started.on('exit', () => fail(new DatabaseError('closed', `${path}: the checkpoint worker ended`)))
    return started
  }

  return {
    prepare() {
      worker ??= start()
    },
    checkpoint(mode) {
      worker ??= start()
      worker.ref()
      worker.postMessage(mode)
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    async close() {
      const ending = worker
      if (ending === undefined) return
      const ended = new Promise((resolve) => ending.once('exit', resolve))
      ending.ref()
      ending.postMessage('close')
      await ended
    },
  }
}
