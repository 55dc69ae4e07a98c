// node packages/tsdb/bench/churn.ts [pods] [hours] [retention hours]: series that come and go. So many pods of 100 series live at
// any time, each for 72 minutes, scraped once a minute: 500 pods over 24 hours are a million series. The clock is virtual; a
// line per hour says what memory, file, appending and queries (milliseconds, first and again) have come to. For memory as
// bin/promlet has it: MALLOC_ARENA_MAX=1, --max-semi-space-size=4 --min-semi-space-size=4 --initial-old-space-size=64

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LayoutRef, Matcher } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '../src/index.ts'
import { sources } from './data.ts'

const STEP_MS = 60_000
const HOUR = 3_600_000
const LIFE_STEPS = 72

const [pods = 500, hours = 24, retentionHours = 0] = process.argv.slice(2).map(Number)
const clock = new VirtualClock(Date.UTC(2026, 0, 1))
const folder = mkdtempSync(join(tmpdir(), 'promlet-churn-'))
const options = { path: folder, clock, logger: silentLogger, retentionTimeMs: retentionHours * HOUR }
const store = await openStore({ ...options, registry: createRegistry() })

interface Pod {
  readonly layout: LayoutRef
  readonly next: readonly (() => number)[]
}

let born = 0
function bear(): Pod {
  const { labels, next } = sources(born, 1, born)
  born++
  const appender = store.appender()
  return { layout: appender.layout(labels.map((one) => appender.series(one))), next }
}

/** Milliseconds: how long each turn took since the last line. */
let turns: number[] = []
async function timed<T>(run: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await run()
  turns.push(performance.now() - start)
  return result
}

const sizeOf = () => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
const quantile = (share: number) => turns.sort((left, right) => left - right)[Math.floor(share * (turns.length - 1))] ?? 0

async function latency(run: () => Promise<unknown>): Promise<string> {
  const start = performance.now()
  await run()
  const first = performance.now() - start
  const again = performance.now()
  await run()
  return `${first.toFixed(1)}/${(performance.now() - again).toFixed(1)}`
}

let alive: Pod[] = Array.from({ length: pods }, bear)
let samples = 0
let cpuBefore = process.cpuUsage()
let samplesBefore = 0
const present = new Uint8Array(100).fill(1)
const values = new Float64Array(100)
process.stdout.write(
  '| hour | series ever | in the index | RSS MiB | heap MiB | buffers MiB | file MiB | CPU s/M samples | commit p50/p99/max ms | metric 1 h | pod 1 h | metric all | values of instance 1 h |\n',
)
process.stdout.write(`|${'---:|'.repeat(13)}\n`)
for (let step = 0; step < hours * 60; step++) {
  await clock.advance(STEP_MS)
  // The oldest pods make way for new ones.
  const gone = Math.floor(((step + 1) * pods) / LIFE_STEPS) - Math.floor((step * pods) / LIFE_STEPS)
  alive = [...alive.slice(gone), ...Array.from({ length: gone }, bear)]
  for (const { layout, next } of alive) {
    for (let slot = 0; slot < 100; slot++) values[slot] = (next[slot] as () => number)()
    await timed(async () => {
      await using appender = store.appender()
      appender.appendRow(layout, clock.now(), values, present)
      await appender.commit()
    })
    samples += 100
  }
  if ((step + 1) % 60 === 0) await report((step + 1) / 60)
}

async function report(hour: number): Promise<void> {
  const { user, system } = process.cpuUsage(cpuBefore)
  const cpu = (user + system) / (samples - samplesBefore)
  const range = { from: clock.now() - HOUR, to: clock.now() }
  const load = [new Matcher('__name__', '=', 'node_load1')]
  const pod = [new Matcher('instance', '=', `host-${born - 1}:8080`)]
  const queries = [
    await latency(() => store.select([{ matchers: load, ...range }])),
    await latency(() => store.select([{ matchers: pod, ...range }])),
    await latency(() => store.select([{ matchers: load, from: 0, to: clock.now() }])),
    await latency(() => store.labelValues('instance', range, [load])),
  ]
  const { rss, heapUsed, external } = process.memoryUsage()
  const commits = [0.5, 0.99, 1].map((share) => quantile(share).toFixed(2)).join('/')
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
  const cells = [
    hour,
    born * 100,
    store.stats({ limit: 1 }).series,
    mib(rss),
    mib(heapUsed),
    mib(external),
    mib(sizeOf()),
    cpu.toFixed(2),
    commits,
    ...queries,
  ]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
  turns = []
  samplesBefore = samples
  cpuBefore = process.cpuUsage()
}

const start = performance.now()
await store.close()
const closed = performance.now()
const again = await openStore({ ...options, registry: createRegistry() })
process.stdout.write(`closing ${(closed - start).toFixed(0)} ms, opening ${(performance.now() - closed).toFixed(0)} ms, `)
await again.close()
process.stdout.write(
  `${(sizeOf() / samples).toFixed(2)} bytes per sample, peak RSS ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB\n`,
)
rmSync(folder, { recursive: true })
