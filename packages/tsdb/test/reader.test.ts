import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Labels, Matcher, systemClock } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { openDatabase } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import { openStore, type Store, type StoreOptions } from '../src/index.ts'
import { Reader } from '../src/reader.ts'
import { DATABASE_FILE, migrations } from '../src/schema.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-reader-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1)
const open = (path: string, options: Partial<StoreOptions> = {}) =>
  openStore({ path, clock: new VirtualClock(NOW), logger: silentLogger, registry: createRegistry(), ...options })

async function scrape(store: Store, number: number): Promise<void> {
  await using appender = store.appender()
  // One series leaves and one comes every hundred scrapes.
  const generation = Math.floor(number / 100)
  const refs = Array.from({ length: 20 }, (_, index) =>
    appender.series(Labels.of({ __name__: 'queue_depth', queue: `q${index + generation}` })),
  )
  const values = Float64Array.from({ length: 20 }, (_, index) => number * index)
  appender.appendRow(appender.layout(refs), NOW - 10_000_000 + number * 1000, values, new Uint8Array(20).fill(1))
  await appender.commit()
}

async function answer(store: Store): Promise<string[]> {
  const [found = []] = await store.select([{ matchers: [new Matcher('__name__', '=', 'queue_depth')], from: 0, to: Infinity }])
  return found.map(
    ({ labels, times, values }) => `${labels} ${times.length} ${times.at(-1)} ${values.reduce((sum, value) => sum + value, 0)}`,
  )
}

describe('a store that is open for reading while another one writes', () => {
  test('answers as the writer does, through commits, compactions, retention and deletions', async () => {
    const path = join(root, 'both')
    const writer = await open(path, { retentionTimeMs: 800_000 })
    await scrape(writer, 0)
    const reader = await open(path, { readonly: true })
    for (let number = 1; number < 2_000; number++) {
      await scrape(writer, number)
      if (number % 450 === 0) await writer.compactNow()
      if (number === 1_500) await writer.deleteSeries({ from: 0, to: NOW }, [[new Matcher('queue', '=', 'q20')]])
      if (number % 61 !== 0) continue
      expect(await answer(reader)).toEqual(await answer(writer))
      const range = { from: NOW - 10_000_000 + number * 1000 - 60_000, to: NOW }
      expect(await reader.labelValues('queue', range, [])).toEqual(await writer.labelValues('queue', range, []))
      expect(reader.stats().series).toBe(writer.stats().series)
    }
    expect(writer.stats().series).toBeLessThan(39)
    await reader.close()
    await writer.close()
  })

  test('opens a store that was closed, from a folder that cannot be written', async () => {
    const path = join(root, 'closed')
    const writer = await open(path)
    for (let number = 0; number < 300; number++) await scrape(writer, number)
    const expected = await answer(writer)
    await writer.close()
    chmodSync(join(path, 'store.db'), 0o444)
    chmodSync(path, 0o555)
    const reader = await open(path, { readonly: true })
    expect(await answer(reader)).toEqual(expected)
    await expect(reader.compactNow()).rejects.toMatchObject({ name: 'StorageError', code: 'unwritable' })
    await reader.close()
    chmodSync(path, 0o755)
  })
})

test('while another process writes and compacts, each answer is of one state', { timeout: 60_000 }, async () => {
  const path = join(root, 'elsewhere')
  const start = Date.now() - 86_400_000
  await (await openStore({ path, clock: systemClock, logger: silentLogger, registry: createRegistry() })).close()
  const committer = fileURLToPath(new URL('./committer.ts', import.meta.url))
  const child = spawn(process.execPath, [committer, path, `${start}`, '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    child.stdout.resume()
    const reader = await openStore({ path, clock: systemClock, logger: silentLogger, registry: createRegistry(), readonly: true })
    for (let newest = 0, answers = 0; newest < 600 || answers < 200; answers++) {
      const [found = []] = await reader.select([{ matchers: [new Matcher('__name__', '=', 'batch')], from: 0, to: Infinity }])
      expect(found).toHaveLength(40)
      // Batch after batch, none missing: neither in batches nor in blocks, and none half there.
      newest = (found[0]?.values.length ?? 0) - 1
      for (const { values } of found) expect(values.length === newest + 1 && values.every((value, index) => value === index)).toBe(true)
      expect(child.exitCode).toBeNull()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await reader.close()
  } finally {
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

test('an answer is of one state, also when that is swept meanwhile', async () => {
  const path = join(root, 'swept')
  const store = await open(path)
  for (let number = 0; number < 30; number++) await scrape(store, number)
  const file = join(path, DATABASE_FILE)
  const [readersOwn, sweepersOwn] = [openDatabase({ path: file, migrations, readonly: true }), openDatabase({ path: file, migrations })]
  const reader = new Reader(readersOwn, (error) => expect.unreachable(String(error)))
  const batches = reader.snapshot((state) => {
    sweepersOwn.exec('DELETE FROM batch')
    return reader.batches.of(state).length
  })
  expect(batches).toBe(30)
  for (const database of [readersOwn, sweepersOwn]) database.close()
  await store.close()
})
