// How long the engine takes over columns that lie ready in memory: 600 series with a sample every 15 s, six hours,
// answered at 1,440 steps. Run with `node packages/promql/bench/engine.bench.ts [part of a name]`.

import { Labels, type Queryable, type SeriesColumns, systemClock } from '@promlet/model'
import { createEngine, writeAnswerJson } from '@promlet/promql'

const SERIES = 600
const STEP = 15_000
const STEPS = 1_440
const HISTORY = 3_600_000
const START = 1_700_000_000_000

const queries: readonly (readonly [name: string, query: string])[] = [
  ['sum of rate', 'sum by (job) (rate(http_requests_total[5m]))'],
  ['rate', 'rate(http_requests_total[5m])'],
  ['selector', 'http_requests_total'],
  ['sum', 'sum(http_requests_total)'],
  ['avg_over_time 1h', 'sum(avg_over_time(http_requests_total[1h]))'],
  ['max_over_time 1h', 'max(max_over_time(http_requests_total[1h]))'],
  ['quantile_over_time 1h', 'max(quantile_over_time(0.9, http_requests_total[1h]))'],
  ['stddev_over_time 5m', 'max(stddev_over_time(http_requests_total[5m]))'],
  ['deriv 5m', 'max(deriv(http_requests_total[5m]))'],
  ['changes 5m', 'sum(changes(http_requests_total[5m]))'],
  ['ratio', 'sum by (job) (rate(http_requests_total[5m])) / sum by (job) (rate(http_requests_total[5m]))'],
  ['matching', 'sum(http_requests_total / on (job, instance, code) group_left max by (job, instance, code) (http_requests_total))'],
  ['topk', 'topk(5, http_requests_total)'],
  ['histogram_quantile', 'histogram_quantile(0.9, sum by (le) (rate(request_seconds_bucket[5m])))'],
  ['comparison', 'count(http_requests_total > 500)'],
  ['subquery', 'max_over_time(sum(rate(http_requests_total[5m]))[30m:1m])'],
]

function columns(): readonly SeriesColumns[] {
  const all: SeriesColumns[] = []
  const length = (STEPS * STEP + HISTORY) / STEP
  for (let target = 0; target < SERIES / 20; target++) {
    const times = new Float64Array(length)
    for (let index = 0; index < length; index++) times[index] = START - HISTORY + target * 137 + index * STEP
    for (let own = 0; own < 20; own++) {
      const values = new Float64Array(length)
      let value = 0
      for (let index = 0; index < length; index++) {
        value += (index * (own + 3) * 7919) % 101
        if (index % 2000 === 1999) value = 0
        values[index] = value
      }
      const record = {
        job: `job-${target % 5}`,
        instance: `host-${target}:9100`,
        code: String(200 + own),
        le: own === 19 ? '+Inf' : String(own),
      }
      all.push({ labels: Labels.of({ __name__: 'http_requests_total', ...record }), times, values })
    }
  }
  return all
}

const data = columns()
const queryable: Queryable = {
  select: async (selections) => selections.map(() => data),
  labelNames: async () => [],
  labelValues: async () => [],
  series: async () => [],
}

const engine = createEngine({ queryable, clock: systemClock })

/** The median of some runs, in milliseconds. */
async function measure(run: () => Promise<unknown>): Promise<number> {
  const laps: number[] = []
  for (let lap = 0; lap < 9; lap++) {
    const start = performance.now()
    await run()
    laps.push(performance.now() - start)
  }
  return laps.sort((left, right) => left - right)[4] ?? 0
}

const wanted = process.argv[2] ?? ''
for (const [name, query] of queries) {
  if (!name.includes(wanted)) continue
  const range = await measure(() => engine.range(query, START, START + (STEPS - 1) * STEP, STEP))
  const answer = await engine.range(query, START, START + (STEPS - 1) * STEP, STEP)
  const json = await measure(async () => writeAnswerJson(answer).length)
  const instant = await measure(() => engine.instant(query, START + 3_600_000))
  process.stdout.write(
    `${name.padEnd(24)} range ${range.toFixed(1).padStart(8)} ms   JSON ${json.toFixed(1).padStart(7)} ms   instant ${instant.toFixed(2).padStart(7)} ms\n`,
  )
}
