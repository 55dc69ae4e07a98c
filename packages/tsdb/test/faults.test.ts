import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels, Matcher } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase } from '@promlet/sqlite'
import { createRegistry, type Registry, silentLogger } from '@promlet/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../src/index.ts'
import { migrations } from '../src/schema.ts'
import { SqliteStore } from '../src/store.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-faults-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1)
const everything = { matchers: [new Matcher('__name__', '!=', '')], from: 0, to: Infinity }
const open = (path: string, registry = createRegistry()) =>
  openStore({ path, clock: new VirtualClock(NOW), logger: silentLogger, registry })

async function commitRow(store: Store, at: number, width: number): Promise<void> {
  await using appender = store.appender()
  const refs = Array.from({ length: width }, (_, index) => appender.series(Labels.of({ __name__: 'disk_io', device: `d${index}` })))
  const values = Float64Array.from({ length: width }, (_, index) => Math.sin(at + index))
  appender.appendRow(appender.layout(refs), at, values, new Uint8Array(width).fill(1))
  await appender.commit()
}

async function counter(registry: Registry, name: string): Promise<number> {
  const metric = await registry.getSingleMetric(name)?.get()
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? Number.NaN
}

describe('a full disk', () => {
  test('fails the commit, is counted, loses nothing acknowledged, and is over when there is room again', async () => {
    const database = openDatabase({ path: ':memory:', migrations, pageSizeBytes: 4096 })
    const registry = createRegistry()
    const store = new SqliteStore({ path: ':memory:', clock: new VirtualClock(NOW), logger: silentLogger, registry }, database, undefined)
    database.pragma('max_page_count = 100')
    let acknowledged = 0
    let failures = 0
    for (let batch = 0; batch < 40; batch++) {
      try {
        await commitRow(store, NOW - 100_000 + batch * 1000, 1_000)
        acknowledged++
      } catch (error) {
        failures++
        expect(error).toMatchObject({ name: 'StorageError', code: 'full' })
      }
    }
    expect(failures).toBeGreaterThan(0)
    expect(acknowledged).toBeGreaterThan(5)
    expect(await counter(registry, 'promlet_tsdb_commits_failed_total')).toBe(failures)
    expect((await store.select([everything]))[0]?.every(({ times }) => times.length === acknowledged)).toBe(true)
    await expect(store.compactNow()).rejects.toMatchObject({ code: 'full' })
    database.pragma('max_page_count = 1000000')
    await commitRow(store, NOW, 1_000)
    await store.compactNow()
    const [found = []] = await store.select([everything])
    expect(found).toHaveLength(1_000)
    for (const { times } of found) expect(times).toHaveLength(acknowledged + 1)
    await store.close()
  })

  test('a new series of a failed batch is not half there', async () => {
    const database = openDatabase({ path: ':memory:', migrations, pageSizeBytes: 4096 })
    const registry = createRegistry()
    const store = new SqliteStore({ path: ':memory:', clock: new VirtualClock(NOW), logger: silentLogger, registry }, database, undefined)
    await commitRow(store, NOW - 2000, 1)
    database.pragma('max_page_count = 1')
    await expect(commitRow(store, NOW - 1000, 3_000)).rejects.toMatchObject({ code: 'full' })
    expect(await store.series({ from: 0, to: NOW }, [])).toHaveLength(1)
    database.pragma('max_page_count = 1000000')
    await commitRow(store, NOW - 1000, 3_000)
    expect(await store.series({ from: 0, to: NOW }, [])).toHaveLength(3_000)
    await store.close()
  })
})

describe('a damaged file', () => {
  async function damagedStore(name: string, compacted: boolean): Promise<string> {
    const path = join(root, name)
    const store = await open(path)
    for (let batch = 0; batch < 30; batch++) await commitRow(store, NOW - 100_000 + batch * 1000, 50)
    if (compacted) await store.compactNow()
    await store.close()
    return path
  }

  /** Flips a bit inside the first blob of a table, which SQLite itself does not notice. */
  function flipBit(path: string, table: 'batch' | 'chunk'): void {
    const file = join(path, 'store.db')
    const database = openDatabase({ path: file, migrations, readonly: true })
    const blob = database.prepare<[], Buffer>(`SELECT data FROM ${table} ORDER BY id LIMIT 1`).pluck().get() as Buffer
    database.close()
    const bytes = readFileSync(file)
    const at = bytes.indexOf(blob)
    expect(at).toBeGreaterThan(0)
    bytes[at + (blob.length >>> 1)]! ^= 4
    writeFileSync(file, bytes)
  }

  test('a flipped bit in a chunk is an error that names it, for queries of that series, and no other', async () => {
    const path = await damagedStore('flipped-chunk', true)
    flipBit(path, 'chunk')
    const store = await open(path)
    await expect(store.select([everything])).rejects.toMatchObject({ name: 'StorageError', code: 'corrupt', message: /chunk 1/ })
    const [found = []] = await store.select([{ ...everything, matchers: [new Matcher('device', '=', 'd49')] }])
    expect(found[0]?.times).toHaveLength(30)
    await store.close()
  })

  test('a block with a damaged chunk is left alone, and the others are merged and expire', async () => {
    const path = await damagedStore('left-alone', true)
    flipBit(path, 'chunk')
    const registry = createRegistry()
    const store = await open(path, registry)
    for (let block = 0; block < 4; block++) {
      for (let batch = 0; batch < 150; batch++) await commitRow(store, NOW - 60_000 + block * 10_000 + batch * 10, 5)
      await store.compactNow()
    }
    expect(await counter(registry, 'promlet_tsdb_damages_total')).toBeGreaterThan(0)
    const [found = []] = await store.select([{ ...everything, matchers: [new Matcher('device', '=', 'd4')] }])
    expect(found[0]?.times).toHaveLength(630)
    await store.close()
  })

  test('a flipped bit in a batch costs that batch, which is counted and put aside, and nothing else', async () => {
    const path = await damagedStore('flipped-batch', false)
    flipBit(path, 'batch')
    const registry = createRegistry()
    const store = await open(path, registry)
    const [found = []] = await store.select([everything])
    expect(found.map(({ times }) => times.length)).toEqual(new Array(50).fill(29))
    await commitRow(store, NOW, 50)
    await store.compactNow()
    expect(await counter(registry, 'promlet_tsdb_damages_total')).toBe(1)
    expect((await store.select([everything]))[0]?.[0]?.times).toHaveLength(30)
    await store.close()
    const database = openDatabase({ path: join(path, 'store.db'), migrations, readonly: true })
    expect(database.prepare('SELECT samples FROM damaged_batch').pluck().all()).toEqual([50])
    database.close()
  })

  test('a page that cannot be read costs the batches on it, which are counted, and nothing else', async () => {
    const path = await damagedStore('damaged-page', false)
    const file = join(path, 'store.db')
    const bytes = readFileSync(file)
    const database = openDatabase({ path: file, migrations, readonly: true })
    const blob = database.prepare<[], Buffer>('SELECT data FROM batch ORDER BY id LIMIT 1').pluck().get() as Buffer
    const pageBytes = database.pragma('page_size', { simple: true }) as number
    database.close()
    const at = bytes.indexOf(blob)
    expect(at).toBeGreaterThan(0)
    // What kind of page it is.
    bytes[at - (at % pageBytes)] = 0xff
    writeFileSync(file, bytes)
    const registry = createRegistry()
    const store = await open(path, registry)
    const [found = []] = await store.select([everything])
    const lost = await counter(registry, 'promlet_tsdb_damages_total')
    expect(lost).toBeGreaterThan(0)
    expect(lost).toBeLessThan(30)
    expect(found.map(({ times }) => times.length)).toEqual(new Array(50).fill(30 - lost))
    expect((await store.verify()).problems.length).toBeGreaterThan(0)
    expect(await registry.metrics()).toContain('promlet_tsdb_damages_total')
    await store.close()
  })

  test('a file that is no database is refused and left as it is', async () => {
    const path = await damagedStore('overwritten', true)
    const file = join(path, 'store.db')
    const bytes = readFileSync(file)
    bytes.fill(0x55, 0, 100)
    writeFileSync(file, bytes)
    await expect(open(path)).rejects.toMatchObject({ name: 'StorageError', code: 'corrupt' })
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })
})
