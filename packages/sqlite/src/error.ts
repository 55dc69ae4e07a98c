import Sqlite from 'better-sqlite3'

/** Why a database file could not be opened, read or written. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  /**
   * `locked`: another owner has it. `busy`: someone else is writing at this moment; trying again may help. `newer-version`
   * and `older-version`: the schema is not the one this program knows. `corrupt`: not a database, or damaged.
   * `unwritable`: missing folder, permissions, read-only disk. `full`: no room. `io`: the disk failed otherwise.
   * `closed`: used after close. `internal`: the program asked something wrong of SQLite.
   */
  readonly code:
    | 'locked'
    | 'busy'
    | 'newer-version'
    | 'older-version'
    | 'corrupt'
    | 'unwritable'
    | 'full'
    | 'io'
    | 'not-found'
    | 'closed'
    | 'internal'

  constructor(code: DatabaseError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** SQLite's result codes by their start, the longer ones first. */
const CODES: readonly (readonly [prefix: string, code: DatabaseError['code'], words: string])[] = [
  ['SQLITE_FULL', 'full', 'the disk is full'],
  ['SQLITE_IOERR', 'io', 'reading or writing failed'],
  ['SQLITE_BUSY', 'busy', 'someone else is writing to it'],
  ['SQLITE_LOCKED', 'busy', 'it is in use'],
  ['SQLITE_READONLY', 'unwritable', 'it cannot be written'],
  ['SQLITE_PERM', 'unwritable', 'access is denied'],
  ['SQLITE_CANTOPEN', 'unwritable', 'it cannot be opened'],
  ['SQLITE_NOTADB', 'corrupt', 'it is not a SQLite database'],
  ['SQLITE_CORRUPT', 'corrupt', 'it is damaged'],
  ['SQLITE_FORMAT', 'corrupt', 'it is damaged'],
]

/** True for what better-sqlite3 throws when SQLite itself fails. */
export function isSqliteError(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError
}

/** The same failure as a `DatabaseError` that names the file; what already is one stays as it is. */
export function asDatabaseError(error: unknown, path: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  if (error instanceof Sqlite.SqliteError) {
    const known = CODES.find(([prefix]) => error.code.startsWith(prefix))
    if (known !== undefined) return new DatabaseError(known[1], `${path}: ${known[2]} (${error.code}: ${error.message})`, { cause: error })
    return new DatabaseError('internal', `${path}: ${error.code}: ${error.message}`, { cause: error })
  }
  const text = error instanceof Error ? error.message : String(error)
  if (/connection is not open/.test(text)) return new DatabaseError('closed', `${path}: used after close`, { cause: error })
  if (/directory does not exist/.test(text)) return new DatabaseError('not-found', `${path}: its folder does not exist`, { cause: error })
  return new DatabaseError('internal', `${path}: ${text}`, { cause: error })
}
