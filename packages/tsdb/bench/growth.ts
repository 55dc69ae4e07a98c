// node packages/tsdb/bench/growth.ts [targets] [steps]: the same figures of a store, of one with ten times the series, and of
// one with ten times the span; each in a process of its own. Every target of 100 series is one row per step of 15 s, as a
// scrape is, as fast as the store takes them. Prints a table, and CPU per sample over the age of each store.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LayoutRef, Matcher, type Selection, systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore, type Store } from '../src/index.ts'
import { sources } from './data.ts'

const STEP_MS = 15_000
const HOUR = 3_600_000
const PARTS = 10

interface Figures {
  /** CPU seconds per million samples, over the tenths of the run. */
  readonly cpu: readonly number[]
  readonly [name: string]: number | readonly number[]
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const sizeOf = (folder: string) => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
const equal = (name: string, value: string) => new Matcher(name, '=', value)

async function best(run: () => Promise<unknown>): Promise<number> {
  let least = Infinity
  for (let times = 0; times < 5; times++) {
    const start = performance.now()
    await run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

async function measure(targets: number, steps: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'promlet-growth-'))
  const options = { path: folder, clock: systemClock, logger: silentLogger, registry: createRegistry() }
  const store = await openStore(options)
  const start = Math.floor(Date.now() / STEP_MS) * STEP_MS - steps * STEP_MS
  const end = start + (steps - 1) * STEP_MS
  const { labels, next } = sources(0, targets)
  const width = labels.length / targets
  const first = store.appender()
  const layouts = Array.from({ length: targets }, (_, target) =>
    first.layout(labels.slice(target * width, (target + 1) * width).map((one) => first.series(one))),
  )
  const cpu: number[] = []
  for (let part = 0; part < PARTS; part++) {
    const [from, to] = [Math.round((part * steps) / PARTS), Math.round(((part + 1) * steps) / PARTS)]
    const before = cpuMs()
    const making = await append(store, layouts, next, from, to, start)
    cpu.push((cpuMs() - before - making) / 1000 / (((to - from) * labels.length) / 1e6))
  }
  const rss = process.memoryUsage().rss / 2 ** 20
  const samples = labels.length * steps
  const running = sizeOf(folder) / samples
  const queries = await query(store, start, end)
  const compaction = await best(() => store.compactNow())
  await store.close()
  const closed = sizeOf(folder) / samples
  const opening = performance.now()
  const again = await openStore({ ...options, registry: createRegistry() })
  await again.select([{ matchers: [equal('__name__', 'node_load1'), equal('instance', 'host-0:8080')], from: end - HOUR, to: end }])
  const opened = performance.now() - opening
  await again.close()
  rmSync(folder, { recursive: true })
  return {
    'million samples': samples / 1e6,
    'CPU s per million samples': cpu.reduce((sum, one) => sum + one, 0) / PARTS,
    'RSS at the end, MiB': rss,
    'peak RSS, MiB': process.resourceUsage().maxRSS / 1024,
    'bytes per sample, running': running,
    'bytes per sample, closed': closed,
    ...queries,
    'compacting what is compact, ms': compaction,
    'opening and first answer, ms': opened,
    cpu,
  }
}

/** Gives the milliseconds of making the values. */
async function append(
  store: Store,
  layouts: readonly LayoutRef[],
  next: readonly (() => number)[],
  from: number,
  to: number,
  start: number,
): Promise<number> {
  const width = next.length / layouts.length
  const present = new Uint8Array(width).fill(1)
  const values = new Float64Array(width)
  let making = 0
  for (let step = from; step < to; step++) {
    for (const [target, layout] of layouts.entries()) {
      const made = performance.now()
      for (let slot = 0; slot < width; slot++) values[slot] = (next[target * width + slot] as () => number)()
      making += performance.now() - made
      await using appender = store.appender()
      appender.appendRow(layout, start + step * STEP_MS + (target % 1000), values, present)
      await appender.commit()
    }
    // As between scrapes, everything else gets its turn.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return making
}

async function query(store: Store, start: number, end: number): Promise<Record<string, number>> {
  const one = [equal('__name__', 'http_requests_total'), equal('instance', 'host-1:8080'), equal('path', '/api/3'), equal('status', '200')]
  const many = [equal('__name__', 'node_load1')]
  const select = (selection: Selection) => best(() => store.select([selection]))
  return {
    'one series, 5 min, ms': await select({ matchers: one, from: end - 300_000, to: end }),
    'one series, 1 h in the middle, ms': await select({ matchers: one, from: (start + end) / 2, to: (start + end) / 2 + HOUR }),
    'one series, whole span, ms': await select({ matchers: one, from: start, to: end }),
    'one metric, last hour, ms': await select({ matchers: many, from: end - HOUR, to: end }),
    'label values, last hour, ms': await best(() => store.labelValues('instance', { from: end - HOUR, to: end }, [many])),
  }
}

const [targets = '20', steps = '1440', child] = process.argv.slice(2)
if (child !== undefined) process.stdout.write(JSON.stringify(await measure(Number(targets), Number(steps))))
else compare(Number(targets), Number(steps))

function compare(targets: number, steps: number): void {
  const cases: readonly (readonly [string, number, number])[] = [
    ['base', targets, steps],
    ['10 × series', targets * 10, steps],
    ['10 × span', targets, steps * 10],
  ]
  const found = cases.map(([, targets, steps]): Figures => {
    // With the memory settings of bin/promlet.
    const settings = ['--max-semi-space-size=4', '--min-semi-space-size=4', '--initial-old-space-size=64']
    const flags = [...settings, import.meta.filename, `${targets}`, `${steps}`, 'child']
    const env = { ...process.env, MALLOC_ARENA_MAX: '1' }
    return JSON.parse(spawnSync(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'], env }).stdout.toString())
  })
  const line = (...cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  line('figure', ...cases.map(([name]) => name))
  line('---', ...cases.map(() => '---:'))
  for (const name of Object.keys(found[0] as Figures)) {
    if (name !== 'cpu') line(name, ...found.map((figures) => (figures[name] as number).toFixed(2)))
  }
  for (let part = 0; part < PARTS; part++) {
    line(`CPU s per million samples, tenth ${part + 1}`, ...found.map(({ cpu }) => (cpu[part] as number).toFixed(2)))
  }
}
