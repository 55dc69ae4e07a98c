import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { closeDatabase, createCheckpointer, DatabaseError, lockOwnership, type Migration, openDatabase, schemaVersion } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'promlet-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const migrations: Migration[] = ['CREATE TABLE push (name TEXT PRIMARY KEY, body BLOB)']
const file = (name: string) => join(folder, name)

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return error instanceof DatabaseError ? error.code : `not a DatabaseError: ${error}`
  }
  return undefined
}

describe('openDatabase', () => {
  test('makes a new file in WAL mode with incremental vacuum and the page size asked for', () => {
    const database = openDatabase({ path: file('new.db'), migrations, pageSizeBytes: 8192 })
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(database.pragma('auto_vacuum', { simple: true })).toBe(2)
    expect(database.pragma('page_size', { simple: true })).toBe(8192)
    expect(database.pragma('synchronous', { simple: true })).toBe(1)
    expect(schemaVersion(database)).toBe(1)
    closeDatabase(database)
  })

  test('brings an older file to the newest schema, step by step and once', () => {
    const path = file('older.db')
    closeDatabase(openDatabase({ path, migrations }))
    const later: Migration[] = [...migrations, (database) => void database.exec('ALTER TABLE push ADD COLUMN at INTEGER')]
    for (let time = 0; time < 2; time++) {
      const database = openDatabase({ path, migrations: later })
      expect(schemaVersion(database)).toBe(2)
      closeDatabase(database)
    }
    const database = openDatabase({ path, migrations: later })
    database.prepare('INSERT INTO push (name, at) VALUES (?, ?)').run('job', 1)
    closeDatabase(database)
  })

  test('leaves the file as it was when a step fails', () => {
    const path = file('failing.db')
    closeDatabase(openDatabase({ path, migrations }))
    expect(codeOf(() => openDatabase({ path, migrations: [...migrations, 'CREATE TABLE a (x)', 'no SQL'] }))).toBe('internal')
    const database = openDatabase({ path, migrations })
    expect(database.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'a'").pluck().get()).toBe(0)
    closeDatabase(database)
  })

  test('refuses a schema that is newer than it knows', () => {
    const path = file('newer.db')
    closeDatabase(openDatabase({ path, migrations: [...migrations, 'CREATE TABLE later (x)'] }))
    expect(codeOf(() => openDatabase({ path, migrations }))).toBe('newer-version')
  })

  test('refuses a file that is no database, a missing file to read, and a missing folder', () => {
    writeFileSync(file('text.db'), 'scrape_configs: []\n'.repeat(100))
    expect(codeOf(() => openDatabase({ path: file('text.db'), migrations }))).toBe('corrupt')
    expect(codeOf(() => openDatabase({ path: file('missing.db'), migrations, readonly: true }))).toBe('not-found')
    expect(codeOf(() => openDatabase({ path: file('none/data.db'), migrations }))).toBe('not-found')
  })

  test('a reader of an older schema is told to let a writer migrate first', () => {
    const path = file('stale-reader.db')
    closeDatabase(openDatabase({ path, migrations }))
    expect(codeOf(() => openDatabase({ path, migrations: [...migrations, 'CREATE TABLE b (x)'], readonly: true }))).toBe('older-version')
  })

  test('works in memory', () => {
    const database = openDatabase({ path: ':memory:', migrations })
    expect(schemaVersion(database)).toBe(1)
    closeDatabase(database)
  })
})

describe('closeDatabase', () => {
  test('leaves one file without a log, out of WAL mode, which a reader opens without making files', () => {
    const path = file('closed.db')
    const database = openDatabase({ path, migrations })
    database.prepare('INSERT INTO push VALUES (?, ?)').run('job', Buffer.alloc(10_000))
    closeDatabase(database)
    expect(readdirSync(folder).filter((name) => name.startsWith('closed.db'))).toEqual(['closed.db'])
    expect(readFileSync(path)[18]).toBe(1)
    const reader = openDatabase({ path, migrations, readonly: true })
    expect(reader.prepare('SELECT name FROM push').pluck().all()).toEqual(['job'])
    expect(readdirSync(folder).filter((name) => name.startsWith('closed.db'))).toEqual(['closed.db'])
    closeDatabase(reader)
  })

  test('does not fail while someone else still reads', () => {
    const path = file('read.db')
    const database = openDatabase({ path, migrations })
    database.prepare('INSERT INTO push VALUES (?, ?)').run('job', null)
    const reader = openDatabase({ path, migrations, readonly: true })
    reader.exec('BEGIN')
    reader.prepare('SELECT * FROM push').all()
    closeDatabase(database)
    expect(reader.prepare('SELECT count(*) FROM push').pluck().get()).toBe(1)
    closeDatabase(reader)
  })
})

describe('lockOwnership', () => {
  test('refuses a second owner until the first lets go', () => {
    const first = lockOwnership(file('lock'))
    expect(codeOf(() => lockOwnership(file('lock')))).toBe('locked')
    first[Symbol.dispose]()
    const second = lockOwnership(file('lock'))
    second[Symbol.dispose]()
  })

  test('says that the folder is missing', () => {
    expect(codeOf(() => lockOwnership(file('none/lock')))).toBe('not-found')
  })
})

describe('createCheckpointer', () => {
  test('moves the log into the database from another thread, and empties it', async () => {
    const path = file('log.db')
    const database = openDatabase({ path, migrations, autoCheckpointPages: 0 })
    const insert = database.prepare('INSERT INTO push VALUES (?, ?)')
    for (let index = 0; index < 50; index++) insert.run(`job-${index}`, Buffer.alloc(20_000))
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(1_000_000)
    const checkpointer = createCheckpointer(path)
    const passive = await checkpointer.checkpoint('passive')
    expect(passive.busy).toBe(false)
    expect(passive.movedPages).toBe(passive.logPages)
    insert.run('last', null)
    expect((await checkpointer.checkpoint('truncate')).busy).toBe(false)
    expect(statSync(`${path}-wal`).size).toBe(0)
    await checkpointer.close()
    expect(database.prepare('SELECT count(*) FROM push').pluck().get()).toBe(51)
    closeDatabase(database)
  })

  test('a failing checkpoint rejects', async () => {
    const checkpointer = createCheckpointer(file('nothing-here.db'))
    await expect(checkpointer.checkpoint('passive')).rejects.toMatchObject({ name: 'DatabaseError', code: 'unwritable' })
    await checkpointer.close()
  })
})

describe('a damaged log', () => {
  /** What a killed process leaves: two commits in the log, the second one larger. */
  function killed(name: string): string {
    const path = file(name)
    const database = openDatabase({ path, migrations, autoCheckpointPages: 0 })
    const insert = database.prepare('INSERT INTO push VALUES (?, ?)')
    insert.run('first', Buffer.alloc(100))
    for (let index = 0; index < 10; index++) insert.run(`later-${index}`, Buffer.alloc(8_000))
    const copy = file(`killed-${name}`)
    for (const suffix of ['', '-wal', '-shm']) copyFileSync(path + suffix, copy + suffix)
    closeDatabase(database)
    return copy
  }

  const names = (path: string, told: DatabaseError[]) => {
    const database = openDatabase({ path, migrations, onDamage: (error) => told.push(error) })
    const found = database.prepare('SELECT name FROM push').pluck().all()
    closeDatabase(database)
    return found
  }

  test('that is whole is nothing to be told', () => {
    const told: DatabaseError[] = []
    expect(names(killed('whole.db'), told)).toHaveLength(11)
    expect(told).toEqual([])
  })

  test('costs what is behind the damage, which is told, and the log is kept aside', () => {
    const path = killed('flipped.db')
    const log = readFileSync(`${path}-wal`)
    log[log.length >>> 1]! ^= 1
    writeFileSync(`${path}-wal`, log)
    const told: DatabaseError[] = []
    const found = names(path, told)
    expect(found).toContain('first')
    expect(found.length).toBeLessThan(11)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ code: 'corrupt', message: expect.stringMatching(/its log is damaged: of \d+ pages .* cannot be read/) })
    expect(readFileSync(`${path}-wal-damaged-1`).equals(log)).toBe(true)
  })

  test('that was cut off is told too', () => {
    const path = killed('cut.db')
    truncateSync(`${path}-wal`, statSync(`${path}-wal`).size - 10_000)
    const told: DatabaseError[] = []
    expect(names(path, told)).toContain('first')
    expect(told.map(({ code }) => code)).toEqual(['corrupt'])
  })

  test('is not thrown away with a database that was cut off to nothing', () => {
    const path = killed('emptied.db')
    truncateSync(path)
    const log = readFileSync(`${path}-wal`)
    expect(codeOf(() => openDatabase({ path, migrations }))).toBe('corrupt')
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true)
  })
})
