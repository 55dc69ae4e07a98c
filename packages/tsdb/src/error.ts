import { asDatabaseError, type DatabaseError, isSqliteError } from '@promlet/sqlite'

/** Why the store could not be opened, written or read. What the rules of appending refuse is no error: see `Refusals`. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  /**
   * The codes of `DatabaseError`, and `unknown-layout` for a layout reference that this store never gave or has
   * forgotten, `spent` for an appender that is used after its commit, `bad-query` for SQL that is wrong or would write.
   */
  readonly code: DatabaseError['code'] | 'unknown-layout' | 'spent' | 'bad-query'

  constructor(code: StorageError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Any failure below the store as a `StorageError`. */
export function asStorageError(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error
  const { code, message } = asDatabaseError(error, path)
  return new StorageError(code, message, { cause: error })
}

/** A failed read: what SQLite throws becomes a `StorageError`, everything else (an abort, a limit) stays what it is. */
export function asReadError(error: unknown, path: string): unknown {
  return isSqliteError(error) ? asStorageError(error, path) : error
}
