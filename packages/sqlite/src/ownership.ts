import Sqlite from 'better-sqlite3'
import { asDatabaseError, DatabaseError } from './error.ts'

/**
 * Makes this process the only owner of what stands beside the lock file `path`, until the result is disposed or the
 * process ends, however it ends. A lock on the data file itself would keep readers out too, hence a file of its own.
 * @throws DatabaseError `locked` when there is an owner, `unwritable` or `not-found` when the file cannot be made.
 */
export function lockOwnership(path: string): Disposable {
  let lock: Sqlite.Database | undefined
  try {
    lock = new Sqlite(path, { timeout: 0 })
    // Nothing is ever written, so there is nothing to journal; a journal file would only lie about.
    lock.pragma('journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock?.close()
    const failure = asDatabaseError(error, path)
    if (failure.code !== 'busy') throw failure
    throw new DatabaseError('locked', `${path}: another process, or another part of this one, already uses this data`, { cause: error })
  }
  const held = lock
  return { [Symbol.dispose]: () => void held.close() }
}
