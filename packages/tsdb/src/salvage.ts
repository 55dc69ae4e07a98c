// A file whose end was cut off. SQLite fails a whole statement for one page that is gone, so that tables which are small beside
// the samples and are read whole, or by their last row, are copied row by row, as far as they can be read, into tables of the
// connection's own. These come before the file's tables of the same names; samples are read where they are.

import { type Database, isSqliteError } from '@promlet/sqlite'
import { asStorageError, StorageError } from './error.ts'

const TABLES = ['label_name', 'label_pair', 'series', 'layout', 'series_set', 'block', 'batch', 'exemplar'] as const
/** More batches than these never wait to become a block. */
const BATCHES_MAX = 20_000

/** Makes a connection that cannot write fit to read what is left; `lost` is told of tables that are not whole. */
export function salvageTables(database: Database, lost: (error: StorageError) => void): void {
  for (const table of TABLES) {
    if (isReadable(() => database.prepare(`SELECT total(id + 0) FROM ${table} NOT INDEXED`).get())) continue
    let rows = 0
    try {
      rows = copyReadable(database, table)
    } catch (error) {
      if (!isSqliteError(error)) throw error
    }
    lost(new StorageError('corrupt', `the table ${table}: parts of it are lost; ${rows} rows can be read`))
  }
}

function copyReadable(database: Database, table: (typeof TABLES)[number]): number {
  const sql = database.prepare<[string], string>('SELECT sql FROM main.sqlite_schema WHERE name = ?').pluck().get(table) as string
  database.exec(sql.replace(/^CREATE TABLE/, 'CREATE TEMP TABLE').replace('AUTOINCREMENT', ''))
  const copy = database.prepare<[number]>(`INSERT INTO temp.${table} SELECT * FROM main.${table} WHERE id = ?`)
  const [first, last] = idsOf(database, table)
  let rows = 0
  for (let id = first; id <= last; id++) isReadable(() => (rows += copy.run(id).changes))
  return rows
}

function idsOf(database: Database, table: string): readonly [first: number, last: number] {
  if (table === 'batch') {
    const floor = database.prepare<[], number>('SELECT batch_floor FROM state').pluck().get() ?? 0
    return [floor + 1, floor + BATCHES_MAX]
  }
  return [1, database.prepare<[string], number>('SELECT seq FROM main.sqlite_sequence WHERE name = ?').pluck().get(table) ?? 0]
}

function isReadable(read: () => void): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (!isSqliteError(error) || asStorageError(error, 'the store').code !== 'corrupt') throw error
    return false
  }
}
