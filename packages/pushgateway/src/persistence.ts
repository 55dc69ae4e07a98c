// The groups in one SQLite file, a row each. Only groups that changed are written, at most once per interval and when
// the gateway stops, all in one transaction.

import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { parseFamilies, writeFamilies } from '@promlet/exposition'
import { compareText, type Millis } from '@promlet/model'
import { closeDatabase, type Database, lockOwnership, openDatabase } from '@promlet/sqlite'
import { PushgatewayError } from './error.ts'
import { groupingKey } from './grouping-key.ts'
import type { Group, Groups } from './groups.ts'
import { newSeries } from './series.ts'

const MIGRATIONS = [
  `CREATE TABLE groups (
     key TEXT PRIMARY KEY,      -- the grouping labels: a JSON list of names and values in turn
     exposition TEXT NOT NULL,  -- what the group exposes, as text 0.0.4
     pushed_at TEXT NOT NULL    -- when each family was pushed: JSON, name to milliseconds
   ) STRICT`,
]

export interface PersistenceFile {
  /** Puts all groups of the file into an empty `Groups`. */
  restore(groups: Groups): void
  /** Writes the groups of these keys as they are now; one that is gone is deleted. All of them or none. */
  write(groups: Groups, keys: ReadonlySet<string>): void
  close(): void
}

/**
 * Opens the file, or makes it. Another process that uses it is an error.
 * @throws PushgatewayError `persistence` when the file is another program's; `DatabaseError` of the sqlite package.
 */
export function openPersistence(path: string): PersistenceFile {
  refuseForeign(path)
  const lock = lockOwnership(`${path}.lock`)
  let database: Database
  try {
    database = openDatabase({ path, migrations: MIGRATIONS })
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
  const upsert = database.prepare('INSERT OR REPLACE INTO groups (key, exposition, pushed_at) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM groups WHERE key = ?')
  const write = database.transaction((groups: Groups, keys: ReadonlySet<string>) => {
    for (const key of keys) {
      const group = groups.get(key)
      if (group === undefined) remove.run(key)
      else upsert.run(key, ...encode(group))
    }
  })
  return {
    restore(groups) {
      for (const row of database.prepare('SELECT key, exposition, pushed_at FROM groups ORDER BY rowid').all())
        groups.restore(decode(row as Row))
    },
    write,
    close() {
      closeDatabase(database)
      lock[Symbol.dispose]()
    },
  }
}

const SQLITE_MAGIC = 'SQLite format 3\0'

/** The original keeps its groups in a gob file; writing over one would lose them. */
function refuseForeign(path: string): void {
  if (!existsSync(path)) return
  const start = Buffer.alloc(SQLITE_MAGIC.length)
  const file = openSync(path, 'r')
  const length = readSync(file, start)
  closeSync(file)
  if (length === 0 || start.toString('latin1') === SQLITE_MAGIC) return
  throw new PushgatewayError(
    'persistence',
    `${path}: is not a persistence file of Promlet's Pushgateway (the original's files are not read); it was left as it is: move it away or name another --persistence.file`,
  )
}

interface Row {
  readonly key: string
  readonly exposition: string
  readonly pushed_at: string
}

function encode({ families }: Group): [exposition: string, pushedAt: string] {
  const sorted = [...families.values()].sort((left, right) => compareText(left.name, right.name))
  const pushedAt = Object.fromEntries(sorted.map(({ name, at }) => [name, at]))
  return [writeFamilies(sorted.map(({ name, type, help, series }) => ({ name, type, help, metrics: series }))), JSON.stringify(pushedAt)]
}

function decode({ key: keyText, exposition, pushed_at }: Row): Group {
  const flat: string[] = JSON.parse(keyText)
  const labels = new Map<string, string>()
  for (let index = 0; index < flat.length; index += 2) labels.set(flat[index] as string, flat[index + 1] as string)
  const key = groupingKey(labels)
  const pushedAt: Record<string, Millis> = JSON.parse(pushed_at)
  const families = parseFamilies(exposition).map(({ name, type, help, metrics }) => {
    const series = metrics.map(({ labels, sample }) => newSeries(key, labels, sample))
    return [name, { name, type, help, at: pushedAt[name] ?? 0, series }] as const
  })
  return { key, families: new Map(families) }
}
