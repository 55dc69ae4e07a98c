// node packages/tsdb/bench/store.ts [steps]: what appending, compacting and reading cost. Prints one line per figure.

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Matcher, type SeriesRef, systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type Store } from '../src/index.ts'
import { type Dataset, dataset } from './data.ts'

const STEP_MS = 15_000
const steps = Number(process.argv[2] ?? 1440)

function print(name: string, figure: number, unit: string): void {
  process.stdout.write(`${name.padEnd(46)} ${figure.toFixed(figure < 10 ? 2 : 0).padStart(12)} ${unit}\n`)
}

async function withStore(run: (store: Store, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'promlet-bench-'))
  const store = await openStore({ path: folder, clock: systemClock, logger: silentLogger, registry: createRegistry() })
  await run(store, folder)
  await store.close()
  print('  bytes per sample after close', sizeOf(folder) / samples, 'B')
  rmSync(folder, { recursive: true })
}

const sizeOf = (folder: string) => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

let samples = 0

/** CPU microseconds per sample, and samples per second. */
async function timed(name: string, count: number, run: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await run()
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  print(`${name}: samples per second`, count / seconds, '/s')
  print(`${name}: CPU seconds per million samples`, (used.user + used.system) / count, 's')
}

const start = Math.floor(Date.now() / STEP_MS) * STEP_MS - steps * STEP_MS

/** Every target of 2,000 series is one row per step, as a scrape is. */
async function rows(store: Store, { labels, values }: Dataset, width: number): Promise<void> {
  const present = new Uint8Array(width).fill(1)
  const first = store.appender()
  const refs = labels.map((one) => first.series(one))
  const layouts = Array.from({ length: labels.length / width }, (_, target) =>
    first.layout(refs.slice(target * width, (target + 1) * width)),
  )
  for (let step = 0; step < steps; step++) {
    for (const [target, layout] of layouts.entries()) {
      await using appender = store.appender()
      const from = step * labels.length + target * width
      appender.appendRow(layout, start + step * STEP_MS + target, values.subarray(from, from + width), present)
      await appender.commit()
    }
  }
}

/** As the remote-write receiver brings them: 5,000 samples of 2,500 series at two times, series by series. */
async function mixed(store: Store, { labels, values }: Dataset, width: number, shuffle: boolean): Promise<void> {
  const first = store.appender()
  const refs = labels.map((one) => first.series(one))
  for (let step = 0; step < steps; step += 2) {
    for (let from = 0; from < refs.length; from += width) {
      await using appender = store.appender()
      for (let index = 0; index < width; index++) {
        // A list that is never the same twice, as the shards of a real sender make it.
        const series = shuffle ? from + ((index + step * 7) % (width - ((step >> 1) % 64))) : from + index
        if (shuffle && index >= width - ((step >> 1) % 64)) break
        for (let offset = 0; offset < 2 && step + offset < steps; offset++) {
          const at = start + (step + offset) * STEP_MS
          appender.append(refs[series] as SeriesRef, at, values[(step + offset) * refs.length + series] as number)
        }
      }
      await appender.commit()
    }
  }
}

async function read(store: Store, name: string): Promise<void> {
  const selection = { matchers: [new Matcher('__name__', '=~', '.+')], from: start, to: Date.now() }
  let count = 0
  let best = Infinity
  let checksum = 0
  for (let run = 0; run < 7; run++) {
    const begin = performance.now()
    const [found = []] = await store.select([selection])
    best = Math.min(best, performance.now() - begin)
    count = 0
    checksum = 0
    for (const { values } of found) {
      count += values.length
      for (const value of values) checksum += value
    }
  }
  print(`${name}: ${count} samples, checksum`, checksum, '')
  print(`${name}: samples selected per second`, (count / best) * 1000, '/s')
}

const data = dataset(20, steps)
samples = data.values.length
process.stdout.write(`${data.labels.length} series, ${steps} steps\n`)

await withStore(async (store, folder) => {
  await timed('rows of 2,000', samples, () => rows(store, data, 2_000))
  await read(store, 'select, as written')
  print('  bytes per sample while open', sizeOf(folder) / samples, 'B')
  await timed('compacting the rest', samples, () => store.compactNow())
  await read(store, 'select, all in blocks')
})
const wide = dataset(50, steps, 2)
samples = wide.values.length
for (const shuffle of [false, true]) {
  process.stdout.write(
    `${wide.labels.length} series, ${steps} steps, 5,000 single samples per batch${shuffle ? ', never the same list' : ''}\n`,
  )
  await withStore(async (store, folder) => {
    await timed('single samples', samples, () => mixed(store, wide, 2_500, shuffle))
    print('  bytes per sample while open', sizeOf(folder) / samples, 'B')
    await read(store, 'select, as written')
  })
}
