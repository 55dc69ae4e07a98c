import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, type DatabaseError, isSqliteError, lockOwnership, openDatabase } from '@promlet/sqlite'
import { asStorageError, StorageError } from './error.ts'
import { salvageTables } from './salvage.ts'
import { DATABASE_FILE, LOCK_FILE, migrations, PAGE_BYTES, READABLE_FROM } from './schema.ts'
import { SqliteStore, type Store, type StoreOptions } from './store.ts'

/** Page cache of a connection. */
const CACHE_BYTES = 8 * 2 ** 20
/** What is left of the log file when it starts again from its beginning. */
const JOURNAL_BYTES_MAX = 4 * 2 ** 20

/**
 * Opens or makes a store. One process at a time may have it open for writing.
 * @throws StorageError `locked`, `newer-version`, `older-version` (for reading only), `corrupt`, `unwritable`, `not-found`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, readonly = false } = options
  if (path === ':memory:') return build(options, ':memory:', undefined)
  if (readonly) return build(options, join(path, DATABASE_FILE), undefined)
  makeFolder(path)
  const lock = asked(path, () => lockOwnership(join(path, LOCK_FILE)))
  try {
    return build(options, join(path, DATABASE_FILE), lock)
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

function build(options: StoreOptions, path: string, lock: Disposable | undefined): Store {
  const damages: Error[] = []
  const database = openFile(path, options, (damage) => damages.push(damage))
  try {
    if (options.salvage && damages.length > 0) salvageTables(database, (damage) => damages.push(damage))
    return new SqliteStore(options, database, lock, damages)
  } catch (error) {
    database.close()
    throw asOpenError(error, path)
  }
}

/** What SQLite does not understand of a store's tables is damage: the program asks the same of every store. */
function asOpenError(error: unknown, path: string): StorageError {
  const failure = asStorageError(error, path)
  if (failure.code !== 'internal' || !isSqliteError(error)) return failure
  return new StorageError('corrupt', `${path}: its tables are damaged (${failure.message})`, { cause: error })
}

function openFile(path: string, { readonly = false, salvage = false }: StoreOptions, onDamage: (damage: DatabaseError) => void): Database {
  return asked(path, () =>
    openDatabase({
      path,
      readonly,
      salvage,
      onDamage,
      migrations,
      readableFrom: READABLE_FROM,
      pageSizeBytes: PAGE_BYTES,
      cacheBytes: CACHE_BYTES,
      autoCheckpointPages: 0,
      journalSizeMaxBytes: JOURNAL_BYTES_MAX,
    }),
  )
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
    accessSync(path, constants.W_OK)
  } catch (error) {
    throw new StorageError('unwritable', `${path}: the folder of the store cannot be made or written`, { cause: error })
  }
}

function asked<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw asStorageError(error, path)
  }
}
