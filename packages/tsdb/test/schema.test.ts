import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase, schemaVersion } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { openStore, type Store } from '../src/index.ts'
import { migrations } from '../src/schema.ts'
import { answersOf } from './fixtures/answers.ts'
import { openFixture } from './fixtures/open.ts'

const NEWEST = migrations.length

const open = (path: string, readonly = false): Promise<Store> =>
  openStore({ path, clock: new VirtualClock(Date.UTC(2026, 5, 1, 2)), logger: silentLogger, registry: createRegistry(), readonly })

function versionOf(file: string): number {
  const database = openDatabase({ path: file, readonly: true, migrations, readableFrom: 0 })
  const version = schemaVersion(database)
  database.close()
  return version
}

/** Runs the migrator, which ends by its own hand. */
async function migrateAndDie(file: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'migrator.ts'), file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code, signal] = await once(child, 'close')
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
}

describe('a store of an older schema', () => {
  test('is brought to the new one when it is opened, and answers as it did, also after compaction', async () => {
    using fixture = openFixture('v1')
    expect(versionOf(fixture.file)).toBe(1)
    const store = await open(fixture.folder)
    expect(await answersOf(store)).toEqual(fixture.answers)
    expect((await store.verify()).problems).toEqual([])
    await store.compactNow()
    expect(await answersOf(store)).toEqual(fixture.answers)
    expect((await store.verify()).problems).toEqual([])
    await store.close()
    expect(versionOf(fixture.file)).toBe(NEWEST)
  })

  test('is as it was when the process is killed before the migration is done, and the next one does it', async () => {
    using fixture = openFixture('v1')
    for (let kill = 0; kill < 2; kill++) {
      await migrateAndDie(fixture.file)
      expect(versionOf(fixture.file)).toBe(1)
    }
    const store = await open(fixture.folder)
    expect(await answersOf(store)).toEqual(fixture.answers)
    expect((await store.verify()).problems).toEqual([])
    await store.close()
    expect(versionOf(fixture.file)).toBe(NEWEST)
  })

  test('is read as it is by a program that may not write', async () => {
    using fixture = openFixture('v1')
    const before = readFileSync(fixture.file)
    const store = await open(fixture.folder, true)
    expect(await answersOf(store)).toEqual(fixture.answers)
    await store.close()
    expect(readFileSync(fixture.file).equals(before)).toBe(true)
  })
})

describe('a store of this schema', () => {
  test('answers as it did when it was written', async () => {
    using fixture = openFixture('v2')
    expect(versionOf(fixture.file)).toBe(NEWEST)
    expect(fixture.answers.series.filter(({ startTimes }) => startTimes !== undefined)).toHaveLength(4)
    const store = await open(fixture.folder)
    expect(await answersOf(store)).toEqual(fixture.answers)
    expect((await store.verify()).problems).toEqual([])
    await store.compactNow()
    expect(await answersOf(store)).toEqual(fixture.answers)
    await store.close()
  })
})

describe('a store of a newer schema', () => {
  for (const readonly of [false, true]) {
    test(`is refused with both versions in the message, and not touched${readonly ? ', for reading too' : ''}`, async () => {
      using fixture = openFixture('v2')
      const database = openDatabase({ path: fixture.file, migrations })
      database.pragma(`user_version = ${NEWEST + 1}`)
      database.pragma('journal_mode = DELETE')
      database.close()
      const before = readFileSync(fixture.file)
      await expect(open(fixture.folder, readonly)).rejects.toMatchObject({
        code: 'newer-version',
        message: `${fixture.file}: its schema has version ${NEWEST + 1}, this program knows versions up to ${NEWEST}`,
      })
      expect(readFileSync(fixture.file).equals(before)).toBe(true)
      expect(readdirSync(fixture.folder).filter((name) => name !== 'lock')).toEqual(['store.db'])
    })
  }
})
