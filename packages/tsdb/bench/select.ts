// node packages/tsdb/bench/select.ts FOLDER: how fast a store gives all of its samples. Reads the store in the folder as it
// was written (stop its server before, or copy it), and the newest part of the same samples from batches that are no
// blocks yet. Prints samples per CPU second, decoded at once and one series after the other, and a checksum of all bits.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Matcher, type SeriesColumns, systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type Store } from '../src/index.ts'

const ROUNDS = 15
/** Fewer than make the store turn its batches into a block. */
const NEWEST_ROWS = 120

const [folder = ''] = process.argv.slice(2)
const open = (path: string, readonly: boolean): Promise<Store> =>
  openStore({ path, readonly, clock: systemClock, logger: silentLogger, registry: createRegistry() })

async function select(store: Store, passing: boolean): Promise<readonly SeriesColumns[]> {
  const everything = { matchers: [new Matcher('__name__', '!=', '')], from: 0, to: Number.MAX_SAFE_INTEGER }
  const [found = []] = await store.select([everything], { passing })
  return found
}

/** Of all bits of all values, in label order. */
function checksum(found: readonly SeriesColumns[]): number {
  let sum = 0
  for (const { values } of found) {
    for (const word of new Uint32Array(values.buffer, values.byteOffset, values.length * 2)) sum = (Math.imul(sum, 31) + word) | 0
  }
  return sum >>> 0
}

async function measure(store: Store, name: string, passing: boolean): Promise<void> {
  const seconds: number[] = []
  let samples = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    const found = await select(store, passing)
    samples = 0
    for (const { values } of found) samples += values.length
    const { user, system } = process.cpuUsage(before)
    seconds.push((user + system) / 1e6)
  }
  const median = seconds.sort((left, right) => left - right)[ROUNDS >> 1] as number
  const sum = checksum(await select(store, passing))
  process.stdout.write(
    `${name.padEnd(32)} ${samples} samples, checksum ${sum}, ${(samples / median / 1e6).toFixed(0)} million per CPU second\n`,
  )
}

/** The newest samples of all series, as rows of one target. */
async function copyNewest(found: readonly SeriesColumns[], store: Store): Promise<void> {
  const rows = [...new Set(found.flatMap(({ times }) => [...times.subarray(-NEWEST_ROWS)]))].sort((left, right) => left - right)
  const first = store.appender()
  const layout = first.layout(found.map(({ labels }) => first.series(labels)))
  const next = found.map(({ times }) => Math.max(0, times.length - NEWEST_ROWS))
  for (const at of rows.slice(-NEWEST_ROWS)) {
    await using appender = store.appender()
    const values = new Float64Array(found.length)
    const present = Uint8Array.from(found, ({ times }, index) => {
      while ((times[next[index] as number] ?? at) < at) next[index]!++
      return times[next[index] as number] === at ? 1 : 0
    })
    for (const [index, series] of found.entries()) if (present[index] === 1) values[index] = series.values[next[index] as number] as number
    appender.appendRow(layout, at, values, present)
    await appender.commit()
  }
}

const store = await open(folder, true)
await measure(store, 'as written, at once', false)
await measure(store, 'as written, one by one', true)
const copy = mkdtempSync(join(tmpdir(), 'promlet-select-'))
const batches = await open(copy, false)
await copyNewest(await select(store, false), batches)
await measure(batches, 'batches, at once', false)
await measure(batches, 'batches, one by one', true)
await batches.compactNow()
await measure(batches, 'the same as a block, one by one', true)
await batches.close()
await store.close()
rmSync(copy, { recursive: true })
