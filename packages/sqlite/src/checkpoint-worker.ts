// Runs in a worker thread; see checkpoint.ts.

import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import type { CheckpointAnswer, CheckpointMode } from './checkpoint.ts'
import { asDatabaseError } from './error.ts'
import { inPhase } from './phase.ts'

/** How long `truncate` waits for readers, with the writer's lock in hand. */
const WAIT_FOR_READERS_MS = 250

const path = workerData as string
let database: Sqlite.Database | undefined

function checkpoint(mode: CheckpointMode): CheckpointAnswer {
  try {
    database ??= open()
    const connection = database
    const rows = inPhase('checkpoint', () => connection.pragma(`wal_checkpoint(${mode.toUpperCase()})`)) as {
      busy: number
      log: number
      checkpointed: number
    }[]
    const { busy = 1, log = 0, checkpointed = 0 } = rows[0] ?? {}
    return { result: { busy: busy !== 0, logPages: log, movedPages: checkpointed } }
  } catch (error) {
    const { code, message } = asDatabaseError(error, path)
    return { code, message }
  }
}

function open(): Sqlite.Database {
  const opened = new Sqlite(path, { timeout: WAIT_FOR_READERS_MS, fileMustExist: true })
  opened.pragma('wal_autocheckpoint = 0')
  opened.pragma('synchronous = NORMAL')
  opened.pragma('cache_size = -256')
  return opened
}

parentPort?.on('message', (message: CheckpointMode | 'close') => {
  if (message !== 'close') return parentPort?.postMessage(checkpoint(message))
  database?.close()
  parentPort?.close()
})
