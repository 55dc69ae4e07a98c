import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { closeDatabase, type Database, openDatabase } from '@promlet/sqlite'
import { StorageError } from './error.ts'
import { DATABASE_FILE, migrations } from './schema.ts'

/**
 * Copies a database into a new folder as a store of its own, by SQLite's online backup: in turns, beside commits. With
 * `skipRecent` the copy has no batches.
 */
export async function writeSnapshot(database: Database, folder: string, skipRecent: boolean): Promise<void> {
  try {
    if (mkdirSync(folder, { recursive: true }) === undefined) throw new Error('it is there already')
  } catch (error) {
    throw new StorageError('unwritable', `${folder}: the folder of the snapshot cannot be made`, { cause: error })
  }
  const path = join(folder, DATABASE_FILE)
  try {
    await database.backup(path)
    // The copy is in the journal mode of a store that is open; closing it leaves one file.
    const copy = openDatabase({ path, migrations })
    if (skipRecent) leaveOutBatches(copy)
    closeDatabase(copy)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function leaveOutBatches(copy: Database): void {
  copy.exec('DELETE FROM batch; DELETE FROM layout_part; DELETE FROM layout')
  copy.pragma('incremental_vacuum')
}
