import { existsSync } from 'node:fs'
import type { DurationMs } from '@promlet/model'
import Sqlite from 'better-sqlite3'
import { asDatabaseError, DatabaseError } from './error.ts'
import { committedFrames, logDamage, refuseEmptied } from './log-damage.ts'
import { inPhase } from './phase.ts'

/** An open SQLite database. Synchronous; for one thread. */
export type Database = Sqlite.Database

/** A prepared statement of a `Database`. */
export type Statement<Parameters extends unknown[] = unknown[], Row = unknown> = Sqlite.Statement<Parameters, Row>

/** One step of the schema: SQL, or a function where SQL is not enough. Runs inside a transaction. */
export type Migration = string | ((database: Database) => void)

export interface OpenOptions {
  /** A file, made when it is missing, or `:memory:`. */
  readonly path: string
  /** Neither makes nor changes anything; the file must have the newest schema, or one from `readableFrom` on. */
  readonly readonly?: boolean
  /** The oldest schema version that this program reads as it is. The newest when absent. */
  readonly readableFrom?: number
  /** For reading only: a file that was cut off is read as far as it goes, which `onDamage` is told, and not refused. */
  readonly salvage?: boolean
  /** All steps from the empty file to the newest schema, oldest first. Steps that were once released never change. */
  readonly migrations: readonly Migration[]
  /** For a new file; a power of two from 512 to 65536. */
  readonly pageSizeBytes?: number
  /** Pages in the log after which a commit also checkpoints; 0 leaves it to a `Checkpointer`. SQLite's default is 1000. */
  readonly autoCheckpointPages?: number
  /** The log file is cut to this size when it starts again from its beginning. */
  readonly journalSizeMaxBytes?: number
  /** Page cache of this connection. */
  readonly cacheBytes?: number
  /** How long a statement waits for another connection's write. The thread stands still for it: leave it 0 on an event loop. */
  readonly busyTimeoutMs?: DurationMs
  /** Told of acknowledged commits that the log has lost, and of a file that was cut off. It can be used all the same. */
  readonly onDamage?: (error: DatabaseError) => void
}

/** Opening may meet another process that recovers or closes the file; that takes moments. */
const OPEN_TIMEOUT_MS = 2_000

/**
 * Opens a file in WAL mode with `synchronous=NORMAL`: what was committed survives the end of the process, also
 * `kill -9`; a power cut may cost the last moments but never damages the file.
 * @throws DatabaseError
 */
export function openDatabase(options: OpenOptions): Database {
  const { path } = options
  if (options.readonly && path !== ':memory:' && !existsSync(path)) {
    throw new DatabaseError('not-found', `${path}: there is no such file`)
  }
  let database: Database | undefined
  try {
    const committed = options.readonly ? undefined : committedFrames(path)
    refuseEmptied(path)
    database = new Sqlite(path, { readonly: options.readonly ?? false, timeout: OPEN_TIMEOUT_MS })
    if (options.readonly && options.salvage) acceptCutOff(database, options)
    // First of all: a file that this program does not know stays as it is.
    refuseNewer(database, options)
    const damage = logDamage(path, committed)
    if (damage !== undefined) options.onDamage?.(damage)
    configure(database, options)
    migrate(database, options)
    database.pragma(`busy_timeout = ${options.busyTimeoutMs ?? 0}`)
    return database
  } catch (error) {
    database?.close()
    throw asDatabaseError(error, path)
  }
}

/** SQLite refuses a file that is shorter than its header says, unless it is told to bear with what is wrong in it. */
function acceptCutOff(database: Database, { path, onDamage }: OpenOptions): void {
  try {
    schemaVersion(database)
  } catch (error) {
    if (asDatabaseError(error, path).code !== 'corrupt') throw error
    // The connection cannot write, so there is nothing that this could unleash.
    database.unsafeMode()
    database.pragma('writable_schema = ON')
    schemaVersion(database)
    onDamage?.(new DatabaseError('corrupt', `${path}: its end was cut off; what stood there is lost`))
  }
}

function configure(database: Database, options: OpenOptions): void {
  if (options.cacheBytes !== undefined) database.pragma(`cache_size = ${-Math.ceil(options.cacheBytes / 1024)}`)
  if (options.readonly) return
  // Both hold only when they come before the first table.
  if (options.pageSizeBytes !== undefined) database.pragma(`page_size = ${options.pageSizeBytes}`)
  database.pragma('auto_vacuum = INCREMENTAL')
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = NORMAL')
  database.pragma(`wal_autocheckpoint = ${options.autoCheckpointPages ?? 1000}`)
  if (options.journalSizeMaxBytes !== undefined) database.pragma(`journal_size_limit = ${options.journalSizeMaxBytes}`)
}

function refuseNewer(database: Database, { path, migrations }: OpenOptions): void {
  const newest = migrations.length
  const found = schemaVersion(database)
  if (found <= newest) return
  throw new DatabaseError('newer-version', `${path}: its schema has version ${found}, this program knows versions up to ${newest}`)
}

function migrate(database: Database, { path, readonly, readableFrom, migrations }: OpenOptions): void {
  const newest = migrations.length
  const found = schemaVersion(database)
  if (found === newest) return
  if (readonly) {
    if (found >= (readableFrom ?? newest)) return
    throw new DatabaseError(
      'older-version',
      `${path}: its schema has version ${found}; to read it, let a program that writes bring it to version ${newest} first`,
    )
  }
  const run = database.transaction(() => {
    for (const step of migrations.slice(found)) {
      if (typeof step === 'string') database.exec(step)
      else step(database)
    }
    database.pragma(`user_version = ${newest}`)
  })
  inPhase('migration', () => run.immediate())
}

/** The schema version that the file says it has; 0 for an empty file. */
export function schemaVersion(database: Database): number {
  return database.pragma('user_version', { simple: true }) as number
}

/**
 * Closes so that one file is left, without a log beside it, that opens from a read-only disk too. While another
 * process still reads, the log stays; then the last one to close empties it.
 */
export function closeDatabase(database: Database): void {
  if (!database.open) return
  try {
    if (!database.readonly && !database.memory) {
      database.pragma('wal_checkpoint(TRUNCATE)')
      // A file in WAL mode cannot be read without making files beside it, so the mode is given back.
      database.pragma('journal_mode = DELETE')
    }
  } catch (error) {
    const failure = asDatabaseError(error, database.name)
    if (failure.code !== 'busy') throw failure
  } finally {
    database.close()
  }
}
