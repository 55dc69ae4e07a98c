// node packages/server/bench/long-query.bench.ts [minutes]: what a query of several seconds does to everything else. Loads
// a store with 2,000 series (6 hours of them by default), serves it, scrapes a target every second and asks a cheap
// query every 50 ms, first alone, then beside each long query. Prints how late scrapes came, and what the queries took.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Labels, systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '@promlet/tsdb'

const STEP_MS = 15_000
const INSTANCES = 20
const SERIES_EACH = 100
const steps = Number(process.argv[2] ?? 360) * 4
const end = Math.floor(Date.now() / STEP_MS) * STEP_MS
const start = end - steps * STEP_MS

const LONG_QUERIES: readonly (readonly [query: string, step: number])[] = [
  ['sum(quantile_over_time(0.9, {__name__=~"metric_.+"}[3h]))', 15],
  ['sum by (instance) (rate({__name__=~"metric_.+"}[5m]))', 15],
  ['{__name__=~"metric_.+"}', 15],
  ['{__name__=~"metric_.+"} * on (__name__, instance, slot) {__name__=~"metric_.+"}', 15],
  ['quantile by (slot) (0.9, {__name__=~"metric_.+"})', 15],
  ['max_over_time((sum by (instance) (rate({__name__=~"metric_.+"}[5m])))[6h:15s])', 300],
  ['sum(sum_over_time((metric_1 + 0)[6h:1s]))', 300],
]
const CHEAP = 'sum(metric_3{instance="host-1"})'

async function load(folder: string): Promise<void> {
  const store = await openStore({ path: join(folder, 'data'), clock: systemClock, logger: silentLogger, registry: createRegistry() })
  const first = store.appender()
  const layouts = Array.from({ length: INSTANCES }, (_, instance) =>
    first.layout(
      Array.from({ length: SERIES_EACH }, (_, index) =>
        first.series(
          Labels.of({ __name__: `metric_${index % 20}`, instance: `host-${instance}`, job: 'load', slot: `${Math.floor(index / 20)}` }),
        ),
      ),
    ),
  )
  const values = new Float64Array(SERIES_EACH * INSTANCES)
  const present = new Uint8Array(SERIES_EACH).fill(1)
  for (let step = 0; step < steps; step++) {
    for (const [instance, layout] of layouts.entries()) {
      const own = values.subarray(instance * SERIES_EACH, (instance + 1) * SERIES_EACH)
      for (let index = 0; index < SERIES_EACH; index++) own[index] = own[index]! + Math.floor(Math.random() * (10 + index))
      await using appender = store.appender()
      appender.appendRow(layout, start + step * STEP_MS, own, present)
      await appender.commit()
    }
  }
  await store.compactNow()
  await store.close()
}

async function ask(url: string, path: string, params: Record<string, string>): Promise<{ ms: number; bytes: number; status: number }> {
  const begin = performance.now()
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(params)}`)
  // Kept nowhere: the target of the scrapes is this process, too.
  let bytes = 0
  for await (const piece of response.body ?? []) bytes += piece.byteLength
  return { ms: performance.now() - begin, bytes, status: response.status }
}

const sorted = (values: readonly number[]) => values.toSorted((left, right) => left - right)
const at = (values: readonly number[], part: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN

/** Until `work` ends: cheap queries one after the other, 50 ms apart, and the times of scrapes. */
async function beside<T>(url: string, scrapes: number[], work: Promise<T>): Promise<{ result: T; cheap: number[]; scraped: number[] }> {
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  scrapes.length = 0
  const cheap: number[] = []
  while (!done) {
    cheap.push((await ask(url, 'query', { query: CHEAP })).ms)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { result: await ended, cheap, scraped: [...scrapes] }
}

/** How far each time is behind the beat, which is once a second with the phase of `beat`. */
const lateness = (times: readonly number[], beat: number) => times.map((time) => ((((time - beat) % 1000) + 1500) % 1000) - 500)

function memory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

const folder = mkdtempSync(join(tmpdir(), 'promlet-bench-'))
const scrapes: number[] = []
const target = createServer((_, response) => {
  scrapes.push(performance.now())
  response.setHeader('Content-Type', 'text/plain').end('a 1\nb 2\n')
})
target.listen(0, '127.0.0.1')
await once(target, 'listening')
const { port } = target.address() as AddressInfo
await load(folder)
writeFileSync(
  join(folder, 'prometheus.yml'),
  `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: beat, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`,
)
const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, '--web.listen-address=127.0.0.1:19099']
const promlet = spawn(resolve(import.meta.dirname, '../../../bin/promlet'), ['serve', 'scraper', 'tsdb', ...flags, '--log.level=error'], {
  stdio: 'inherit',
})
const url = 'http://127.0.0.1:19099'
try {
  while (
    !(await fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false,
    ))
  )
    await new Promise((resolve) => setTimeout(resolve, 100))
  const quiet = await beside(url, scrapes, new Promise((resolve) => setTimeout(resolve, 8_000)))
  const phases = quiet.scraped.slice(1)
  const beat = at(
    phases.map((time) => time % 1000),
    0.5,
  )
  const show = (cheap: readonly number[], scraped: readonly number[]) =>
    `cheap p50 ${at(cheap, 0.5).toFixed(1)} max ${Math.max(...cheap).toFixed(0)} ms, ${scraped.length} scrapes, latest ${Math.max(0, ...lateness(scraped, beat)).toFixed(0)} ms, gap ${Math.max(0, ...scraped.slice(1).map((time, index) => time - scraped[index]!)).toFixed(0)} ms`
  process.stdout.write(`alone: ${show(quiet.cheap, phases)}, ${memory(promlet.pid!).toFixed(0)} MB\n`)
  for (const [query, step] of LONG_QUERIES) {
    const params = { query, start: `${start / 1000}`, end: `${end / 1000}`, step: `${step}` }
    const { result, cheap, scraped } = await beside(url, scrapes, ask(url, 'query_range', params))
    process.stdout.write(
      `${result.status} ${result.ms.toFixed(0)} ms ${result.bytes} bytes: ${query}\n  ${show(cheap, scraped)}, ${memory(promlet.pid!).toFixed(0)} MB\n`,
    )
  }
} finally {
  promlet.kill('SIGTERM')
  await once(promlet, 'exit')
  target.close()
  rmSync(folder, { recursive: true, force: true })
}
