// node packages/tsdb/bench/stalls.ts [targets] [interval ms] [seconds]: how long the store keeps the event loop busy while targets
// of 2,000 series are written on time, and how late that makes them. Compaction, sweeping and the rest run as they do in a
// server, by the real clock.

import { subscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '../src/index.ts'
import { sources } from './data.ts'

const WIDTH = 2_000
const [targets = 20, intervalMs = 250, seconds = 60] = process.argv.slice(2).map(Number)

/** CPU milliseconds of this thread, which do not grow with what else the machine does. */
const cpuMs = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Milliseconds of every turn, by what it was for: of CPU, but for the lateness. */
const turns = new Map<string, number[]>()
const note = (name: string, ms: number) => void (turns.get(name) ?? turns.set(name, []).get(name))?.push(ms)
for (const phase of ['commit', 'compaction', 'sweep', 'retention']) {
  let begun = 0
  subscribe(`tracing:promlet:${phase}:start`, () => {
    begun = cpuMs()
  })
  subscribe(`tracing:promlet:${phase}:end`, () => note(phase, cpuMs() - begun))
}

const folder = mkdtempSync(join(tmpdir(), 'promlet-stalls-'))
const store = await openStore({ path: folder, clock: systemClock, logger: silentLogger, registry: createRegistry() })
const first = store.appender()
const present = new Uint8Array(WIDTH).fill(1)
const pool = Array.from({ length: targets }, (_, target) => {
  const { labels, next } = sources(target * (WIDTH / 100), WIDTH / 100, target)
  return { layout: first.layout(labels.map((one) => first.series(one))), next, values: new Float64Array(WIDTH) }
})

const cpu = process.cpuUsage()
const start = performance.now()
const at = Date.now() - (seconds * 1000 * 15_000) / intervalMs
let samples = 0
for (let step = 0; step * intervalMs < seconds * 1000; step++) {
  for (const [target, { layout, next, values }] of pool.entries()) {
    const due = start + step * intervalMs + (target * intervalMs) / targets
    const wait = due - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    else await new Promise((resolve) => setImmediate(resolve))
    note('lateness of a scrape', Math.max(0, performance.now() - due))
    for (let slot = 0; slot < WIDTH; slot++) values[slot] = (next[slot] as () => number)()
    await using appender = store.appender()
    appender.appendRow(layout, at + step * 15_000 + target, values, present)
    await appender.commit()
    samples += WIDTH
  }
}
const { user, system } = process.cpuUsage(cpu)
process.stdout.write(`${samples} samples in ${seconds} s, ${((user + system) / samples).toFixed(2)} CPU s per million with making them\n`)
process.stdout.write('| | turns | total ms | p50 | p90 | p99 | max |\n|---|---:|---:|---:|---:|---:|---:|\n')
for (const [name, list] of turns) {
  const sorted = Float64Array.from(list).sort()
  const quantile = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(2)
  const total = sorted.reduce((sum, one) => sum + one, 0).toFixed(0)
  process.stdout.write(`| ${[name, sorted.length, total, quantile(0.5), quantile(0.9), quantile(0.99), quantile(1)].join(' | ')} |\n`)
}
await store.close()
rmSync(folder, { recursive: true })
