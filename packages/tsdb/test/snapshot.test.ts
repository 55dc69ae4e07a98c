import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels, Matcher } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../src/index.ts'
import { migrations } from '../src/schema.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-snapshot-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1)
const open = (path: string) => openStore({ path, clock: new VirtualClock(NOW), logger: silentLogger, registry: createRegistry() })

async function fill(store: Store, batches: number, from = 0): Promise<void> {
  for (let batch = from; batch < from + batches; batch++) {
    await using appender = store.appender()
    const refs = Array.from({ length: 30 }, (_, index) => appender.series(Labels.of({ __name__: 'disk_io', device: `d${index}` })))
    const values = Float64Array.from({ length: 30 }, (_, index) => Math.sin(batch * index))
    appender.appendRow(appender.layout(refs), NOW - 1_000_000 + batch * 100, values, new Uint8Array(30).fill(1))
    await appender.commit()
  }
}

async function count(store: Store): Promise<number> {
  const [found = []] = await store.select([{ matchers: [new Matcher('device', '=', 'd7')], from: 0, to: NOW }])
  return found[0]?.times.length ?? 0
}

describe('a snapshot', () => {
  for (const path of [join(root, 'store'), ':memory:']) {
    test(`of a store in ${path === ':memory:' ? 'memory' : 'a file'} is a store with all of it, made while commits go on`, async () => {
      const store = await open(path)
      await fill(store, 200)
      await store.compactNow()
      await fill(store, 50, 200)
      const folder = join(root, path === ':memory:' ? 'of-memory' : 'of-file', 'snapshots', '1')
      const done = store.snapshot(folder)
      await fill(store, 20, 250)
      await done
      expect(readdirSync(folder)).toEqual(['store.db'])
      const copy = await open(folder)
      expect(await count(copy)).toBeGreaterThanOrEqual(250)
      expect((await copy.verify()).problems).toEqual([])
      expect(await count(store)).toBe(270)
      await copy.close()
      await store.close()
    })
  }

  test('without what is not in blocks yet has the blocks only, and goes on as a store', async () => {
    const store = await open(':memory:')
    await fill(store, 100)
    await store.compactNow()
    await fill(store, 50, 100)
    const folder = join(root, 'blocks-only')
    await store.snapshot(folder, { skipRecent: true })
    await store.close()
    const copy = await open(folder)
    expect(await count(copy)).toBe(100)
    await fill(copy, 20, 100)
    await copy.compactNow()
    expect(await count(copy)).toBe(120)
    expect((await copy.verify()).problems).toEqual([])
    await copy.close()
  })

  test('does not overwrite', async () => {
    const store = await open(':memory:')
    await expect(store.snapshot(root)).rejects.toMatchObject({ name: 'StorageError', code: 'unwritable' })
    await store.close()
  })
})

describe('verify', () => {
  test('finds nothing in a store that is whole, and counts what is there', async () => {
    const store = await open(':memory:')
    await fill(store, 150)
    await store.compactNow()
    await fill(store, 10, 150)
    expect(await store.verify()).toEqual({
      batches: 10,
      blocks: 1,
      chunks: 30,
      series: 30,
      samples: 160 * 30,
      samplesStored: 160 * 30,
      problems: [],
      moreProblems: 0,
    })
    await store.close()
  })

  test('names what is missing or does not fit', async () => {
    const path = join(root, 'broken')
    const store = await open(path)
    await fill(store, 150)
    await store.compactNow()
    await store.close()
    const database = openDatabase({ path: join(path, 'store.db'), migrations })
    database.exec("DELETE FROM chunk WHERE id = 3; UPDATE chunk SET data = x'00112233445566' WHERE id = 5; DELETE FROM series WHERE id = 9")
    database.close()
    const broken = await open(path)
    const { problems } = await broken.verify()
    expect(problems).toHaveLength(5)
    expect(problems.join('\n')).toMatch(/chunk 3.*\n.*chunk 5.*\n.*4500 samples, 4200 can be read.*\n.*series 9/)
    await broken.close()
  })
})
