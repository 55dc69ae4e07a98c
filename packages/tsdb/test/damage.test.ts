// Random damage to the files of a store: flipped bits and a cut-off end, of the database and of its log. Whatever it is, the
// store is refused with a clear error and left alone, or it opens; then each series is answered as it was, or with an
// error, or what is missing was reported. PROMLET_DAMAGES=2000 for a long run; a failure names its seed.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels, Matcher, type SeriesColumns } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, type Registry, silentLogger } from '@promlet/telemetry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, StorageError, type Store } from '../src/index.ts'
import { random } from './random.ts'

const DAMAGES = Number(process.env['PROMLET_DAMAGES'] ?? 90)
const NOW = Date.UTC(2026, 0, 1)
const root = mkdtempSync(join(tmpdir(), 'promlet-damage-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const open = (path: string, registry = createRegistry()) =>
  openStore({ path, clock: new VirtualClock(NOW), logger: silentLogger, registry, retentionTimeMs: 1e12 })

/** Stores with blocks and batches: one after a clean stop, one as a killed process leaves it, with a log. */
const STOPPED = join(root, 'stopped')
const KILLED = join(root, 'killed')
let content: ReadonlyMap<string, string>

beforeAll(async () => {
  const store = await open(STOPPED)
  for (let batch = 0; batch < 120; batch++) {
    await commitBatch(store, batch)
    if (batch === 70) await store.compactNow()
  }
  cpSync(STOPPED, KILLED, { recursive: true })
  content = await contentOf(store)
  await store.close()
})

async function commitBatch(store: Store, batch: number): Promise<void> {
  await using appender = store.appender()
  const at = NOW - 6_000_000 + batch * 10_000
  const refs = Array.from({ length: 40 }, (_, index) =>
    appender.series(Labels.of({ __name__: 'disk_io', device: `d${index}`, job: 'node' })),
  )
  const values = Float64Array.from(refs, (_, index) => Math.sin(batch + index) * 1000)
  appender.appendRow(
    appender.layout(refs),
    at,
    values,
    Uint8Array.from(refs, (_, index) => (batch % 3 === 0 && index === 7 ? 0 : 1)),
  )
  for (let shard = 0; shard < 3; shard++) appender.append(appender.series(Labels.of({ __name__: 'jobs', shard: `${shard}` })), at, batch)
  await appender.commit()
}

function textOf({ times, values }: SeriesColumns): string {
  return Array.from(times, (at, index) => `${at}:${values[index]}`).join(' ')
}

async function contentOf(store: Store): Promise<Map<string, string>> {
  const [found = []] = await store.select([{ matchers: [], from: 0, to: 1e15 }])
  return new Map(found.map((columns) => [columns.labels.toString(), textOf(columns)]))
}

/** Damages one of the files of a copy, and says how. */
function damage(seed: number, path: string): string {
  const below = random(seed)
  const isKilled = below(2) === 1
  cpSync(isKilled ? KILLED : STOPPED, path, { recursive: true })
  const name = isKilled && below(2) === 1 ? 'store.db-wal' : 'store.db'
  const bytes = readFileSync(join(path, name))
  if (below(3) === 0) {
    const length = below(bytes.length)
    truncateSync(join(path, name), length)
    return `${name} cut off at ${length} of ${bytes.length}`
  }
  const places = Array.from({ length: below(2) === 0 ? 1 : 1 + below(20) }, () => below(bytes.length))
  for (const place of places) bytes[place]! ^= 1 << below(8)
  writeFileSync(join(path, name), bytes)
  return `bits flipped in ${name} at ${places.join(', ')} of ${bytes.length}`
}

/** The content of the files; opening may change what the first 100 bytes of a database say of its journal. */
function filesOf(path: string): string {
  const log = join(path, 'store.db-wal')
  return `${readFileSync(join(path, 'store.db')).subarray(100).toString('base64')} ${existsSync(log) ? readFileSync(log).toString('base64') : ''}`
}

async function damagesCounted(registry: Registry): Promise<number> {
  return (await registry.getSingleMetric('promlet_tsdb_damages_total')?.get())?.values[0]?.value ?? 0
}

const isClear = (error: unknown) => error instanceof StorageError && error.code === 'corrupt'

/** Every series by itself: right, an error, or wrong. */
async function readEach(store: Store): Promise<{ readonly wrong: number; readonly unclear: readonly unknown[] }> {
  let wrong = 0
  const unclear: unknown[] = []
  for (const [labels, expected] of content) {
    const matchers = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => new Matcher(name, '=', value))
    try {
      const [found = []] = await store.select([{ matchers, from: 0, to: 1e15 }])
      if (found.map(textOf).join() !== expected) wrong++
    } catch (error) {
      if (!isClear(error)) unclear.push(error)
    }
  }
  return { wrong, unclear }
}

/** What comes of a damaged store; the sentence is empty when it is as it has to be. */
async function judge(path: string): Promise<string> {
  const before = filesOf(path)
  const registry = createRegistry()
  let store: Store
  try {
    store = await open(path, registry)
  } catch (error) {
    if (!isClear(error)) return `opening ends with ${(error as Error).stack}`
    return filesOf(path) === before ? '' : 'it is refused, and its files have changed'
  }
  const { wrong, unclear } = await readEach(store)
  if (unclear.length > 0) return `reading ends with ${(unclear[0] as Error).stack}`
  const { problems } = await store.verify()
  if (wrong > 0 && problems.length === 0 && (await damagesCounted(registry)) === 0)
    return `${wrong} series are wrong, and nothing is reported`
  await registry.metrics()
  const failures: unknown[] = []
  for (const work of [() => commitBatch(store, 200), () => store.compactNow(), () => store.close()])
    await work().catch((error) => failures.push(error))
  // On damaged tables SQLite may find that rows are there twice, for example.
  const unexpected = failures.find((error) => !(error instanceof StorageError))
  return unexpected === undefined ? '' : `writing ends with ${(unexpected as Error).stack}`
}

describe('a damaged store', () => {
  test(`is refused or reports what is missing, whatever the damage (${DAMAGES} of them)`, {
    timeout: 60_000 + DAMAGES * 1_000,
  }, async () => {
    const faults: string[] = []
    for (let seed = 1; seed <= DAMAGES; seed++) {
      const path = join(root, `seed-${seed}`)
      const what = damage(seed, path)
      const fault = await judge(path)
      if (fault !== '') faults.push(`seed ${seed}, ${what}: ${fault}`)
      rmSync(path, { recursive: true })
    }
    expect(faults).toEqual([])
  })
})
