// Random queries over generated data, asked of our engine and of a real Prometheus 2.42: the answers are equal up to
// rounding, the errors in their words. Samples lie off the evaluation grid, so that windows that are open on the left
// (3.x) and closed (2.42) hold the same; names are dropped at once, as 2.42 does.
// A seed that fails is printed: PROMLET_SEED=… repeats it, PROMLET_RUNS=… looks further.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Labels, QueryError, systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createEngine, type PromqlEngine, writeAnswerJson } from '@promlet/promql'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPeer, freePort, type Running, run, untilOk } from './peer.ts'

const prometheus = findPeer('prometheus')
const promtool = findPeer('promtool')

const seed = Number(process.env['PROMLET_SEED'] ?? 7)
const runs = Number(process.env['PROMLET_RUNS'] ?? 600)

/** Where the languages or their arithmetic differ, with the script that covers each. */
const excluded: readonly (readonly [reason: string, pattern: RegExp])[] = [
  ['2.42 keeps the name through atan2 (arithmetic.test)', /\batan2\b/],
  [
    '2.42 sums squares without compensation: values far from zero lose digits (over-time.test)',
    /std(dev|var)(_over_time)?\b.*requests_total/,
  ],
  ['Go on amd64 takes the logarithm of numbers below 2^-1022 as that of 2^-1023 (math.test)', /\bln\b.*\bexp\b/],
]

/**
 * What the data leave out, too: a counter that was just reset and has a gap before. 2.42 asks first where it was zero,
 * and then whether that is near; 3.x the other way round (rate.test).
 */
const SURE_AFTER_RESET = 20

const START = 1_700_000_000_000
const LENGTH = 3_600_000
const SCRAPE = 15_000

interface Generated {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [at: number, value: number])[]
}

/** Counters with resets, gauges with NaN, histograms in buckets; gaps, and series that begin and end. */
function generate(): readonly Generated[] {
  let state = seed
  const random = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
  const series: Generated[] = []
  const add = (labels: Readonly<Record<string, string>>, next: () => number, first = 0, last = LENGTH) => {
    const samples: [number, number][] = []
    const offset = 1000 * Math.floor(random() * 15) + 137
    for (let at = offset + first; at < last; at += SCRAPE) samples.push([START + at, next()])
    const isReset = (index: number) => index > 0 && (samples[index]?.[1] ?? Infinity) < (samples[index - 1] as readonly number[])[1]!
    const isSure = (index: number) => {
      const isCounter = labels['__name__'] !== 'temperature'
      return isCounter && Array.from({ length: SURE_AFTER_RESET + 2 }, (_, back) => isReset(index + 1 - back)).some(Boolean)
    }
    series.push({ labels, samples: samples.filter((_, index) => random() > 0.03 || isSure(index)) })
  }
  for (const job of ['web', 'db']) {
    for (const instance of ['a', 'b', 'c']) {
      for (const code of ['200', '500']) {
        let count = 1e4 + 1e6 * random()
        const next = () => {
          // No two counters are equal, as it differs which of equals topk takes.
          count = random() < 0.005 ? random() : count + Math.floor(100 * random())
          return count
        }
        add({ __name__: 'requests_total', job, instance, code }, next, code === '500' && instance === 'c' ? 1_200_000 : 0)
      }
      add(
        { __name__: 'temperature', job, instance },
        () => (random() < 0.01 ? Number.NaN : 40 * random() - 10),
        0,
        instance === 'b' ? 2_400_000 : LENGTH,
      )
      for (const [index, le] of ['0.1', '0.5', '+Inf'].entries()) {
        let count = 0
        const next = () => {
          count += 5 * index + Math.floor(5 * random())
          return count
        }
        add({ __name__: 'latency_bucket', job, instance, le }, next)
      }
    }
  }
  // Many values are equal here, so that it shows which of them topk and sort put first.
  for (const instance of ['a', 'b', 'c', 'd', 'e']) {
    add({ __name__: 'queue_length', instance }, () => (random() < 0.05 ? Number.NaN : Math.floor(3 * random())))
  }
  add({ __name__: 'build_info', job: 'web', version: '1' }, () => 1)
  add({ __name__: 'build_info', job: 'db', version: '2' }, () => 1)
  return series
}

function openMetrics(series: readonly Generated[]): string {
  const byName = Map.groupBy(series, ({ labels }) => labels['__name__'] as string)
  let text = ''
  for (const [name, own] of byName) {
    text += `# TYPE ${name} unknown\n`
    for (const { labels, samples } of own) {
      const pairs = Object.entries(labels).filter(([key]) => key !== '__name__')
      const head = `${name}{${pairs.map(([key, value]) => `${key}="${value}"`).join(',')}}`
      for (const [at, value] of samples) text += `${head} ${value} ${at / 1000}\n`
    }
  }
  return `${text}# EOF\n`
}

const pick = fc.constantFrom
const counter = pick('requests_total', 'requests_total{job="web"}', 'requests_total{code!="200"}', 'requests_total{instance=~"a|b"}')
const gauge = pick('temperature', 'temperature{job="db"}', 'temperature{instance!~"c"}', 'nothing')
const modifier = pick('', '', '', ' offset 5m', ' offset -2m', ' @ 1700001811', ' @ start()', ' @ end() offset 3m')
const range = pick('1m', '5m', '7m30s', '20m', '31s')
const ranged = fc
  .tuple(
    pick('rate', 'increase', 'delta', 'irate', 'idelta', 'changes', 'resets', 'deriv', 'absent_over_time', 'count_over_time'),
    counter,
    range,
    modifier,
  )
  .map(([name, metric, own, at]) => `${name}(${metric}[${own}]${at})`)
const overTime = fc
  .tuple(pick('sum', 'avg', 'min', 'max', 'count', 'last', 'stddev', 'stdvar', 'present'), gauge, range, modifier)
  .map(([name, metric, own, at]) => `${name}_over_time(${metric}[${own}]${at})`)
const leaf = fc.oneof(
  fc.tuple(fc.oneof(counter, gauge), modifier).map(([metric, at]) => `${metric}${at}`),
  ranged,
  overTime,
  fc.tuple(pick('0.1', '0.5', '0.99', '2', '-1'), range).map(([q, own]) => `quantile_over_time(${q}, temperature[${own}])`),
  range.map((own) => `predict_linear(temperature[${own}], 600)`),
  pick('build_info', 'vector(1)', 'vector(time())', 'hour()'),
)
const scalar = pick('1', '0', '-2.5', 'NaN', 'Inf', 'time()', 'scalar(build_info{job="web"})', 'pi()', '1 + 2 * 3 ^ 2 % 5')
const grouping = pick('', 'by (job)', 'by (instance, code)', 'without (instance)', 'without (code, job)', 'by ()')

const few = fc
  .tuple(pick('topk', 'bottomk'), pick('1', '2', '3', '4', '9'), pick('', ' offset 5m', ' @ 1700001811'))
  .map(([operator, k, at]) => `${operator}(${k}, queue_length${at})`)
const sorted = pick('sort(queue_length)', 'sort_desc(queue_length)', 'sort(queue_length offset 5m)')

const { vector } = fc.letrec<{ vector: string }>((tie) => ({
  vector: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc
      .tuple(pick('sum', 'avg', 'min', 'max', 'count', 'group'), grouping, tie('vector'))
      .map(([operator, own, inner]) => `${operator} ${own} (${inner})`),
    fc
      .tuple(pick('topk', 'bottomk'), grouping, fc.oneof(counter, gauge))
      .map(([operator, own, inner]) => `${operator} ${own} (2, ${inner})`),
    fc.tuple(pick('0.5', '0.9', '-1'), grouping, tie('vector')).map(([q, own, inner]) => `quantile ${own} (${q}, ${inner})`),
    fc.tuple(grouping, counter).map(([own, inner]) => `count_values ${own} ("value", round(${inner}, 1000))`),
    fc
      .tuple(
        pick(
          'abs',
          'ceil',
          'floor',
          'exp',
          'sgn',
          'sqrt',
          'ln',
          'timestamp',
          'absent',
          'minute',
          'day_of_year',
          'sort',
          '-',
          'atan',
          'deg',
        ),
        tie('vector'),
      )
      .map(([name, inner]) => `${name}(${inner})`),
    fc.tuple(pick('clamp_min', 'clamp_max', 'round'), tie('vector')).map(([name, inner]) => `${name}(${inner}, 5)`),
    tie('vector').map((inner) => `label_replace(${inner}, "instance", "$1-x", "instance", "(a|b)")`),
    tie('vector').map((inner) => `label_join(${inner}, "all", "/", "job", "instance")`),
    fc
      .tuple(pick('+', '-', '*', '/', '%', '^', '==', '!=', '>', '<= bool'), tie('vector'), scalar)
      .map(([operator, inner, own]) => `(${inner}) ${operator} ${own}`),
    fc.tuple(scalar, pick('+', '/', '<', '>= bool'), tie('vector')).map(([own, operator, inner]) => `${own} ${operator} (${inner})`),
    fc
      .tuple(
        tie('vector'),
        pick('+', '-', '*', '/', '== bool', 'and', 'or', 'unless'),
        pick('', 'on (job)', 'on (job, instance)', 'ignoring (code)', 'on ()'),
        tie('vector'),
      )
      .map(([left, operator, matching, right]) => `(${left}) ${operator} ${matching} (${right})`),
    // Filters only where no labels are left out: 2.42 does not see ambiguous matches of samples that it filters out
    // (matching.test).
    fc.tuple(tie('vector'), pick('>', '==', '<='), tie('vector')).map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(
        tie('vector'),
        pick('*', '/', '< bool'),
        pick(
          'on (job) group_left ()',
          'on (job) group_left (version)',
          'on (job, instance) group_right ()',
          'ignoring (code, le) group_left ()',
        ),
        tie('vector'),
      )
      .map(([left, operator, matching, right]) => `(${left}) ${operator} ${matching} (${right})`),
    fc
      .tuple(
        pick('max', 'min', 'sum', 'avg', 'count', 'last'),
        tie('vector'),
        pick('7m7s', '10m7s'),
        pick('30s', '1m', '45s', ''),
        pick('', ' offset 4m', ' @ 1700001811'),
      )
      .map(([name, inner, own, step, at]) => `${name}_over_time((${inner})[${own}:${step}]${at})`),
    tie('vector').map(
      (inner) => `histogram_quantile(0.9, sum by (le, job) (rate(latency_bucket[5m]))) + on (job) group_left () sum by (job) (${inner})`,
    ),
  ),
}))

describe.skipIf(prometheus === undefined || promtool === undefined)('the engine and a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'promlet-promql-'))
  let peer: Running
  let url: string
  let engine: PromqlEngine

  beforeAll(async () => {
    const data = generate()
    writeFileSync(join(folder, 'data.om'), openMetrics(data))
    writeFileSync(join(folder, 'prometheus.yml'), 'global: {evaluation_interval: 1m}\n')
    execFileSync(promtool as string, ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'data.om'), join(folder, 'data')])
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    peer = run(prometheus as string, [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      '--enable-feature=promql-per-step-stats',
      `--web.listen-address=127.0.0.1:${port}`,
    ])
    await untilOk(`${url}/-/ready`)
    engine = createEngine({ queryable: await storeOf(data), clock: systemClock, features: { delayedNameRemoval: false } })
  })

  afterAll(async () => {
    await peer?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  // No time, nor a time less a range, is a multiple of a step of a subquery: windows that are closed would hold one more.
  const times = { start: START / 1000 + 907, end: START / 1000 + 3307, step: 75 }

  const anyStep = fc.integer({ min: 0, max: 30 })

  async function both(query: string, at: number): Promise<readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>]> {
    const ours = await answerOf(() => engine.instant(query, at * 1000))
    const theirs = await ask(`${url}/api/v1/query`, { query, time: String(at) })
    if ('error' in ours || 'error' in theirs) throw new Error(`${query}: ${JSON.stringify([ours, theirs])}`)
    return [ours.samples, theirs.samples]
  }

  test('answer alike over a range', async () => {
    await fc.assert(
      fc.asyncProperty(vector, async (query) => {
        fc.pre(!excluded.some(([, pattern]) => pattern.test(query)))
        const params = { query, start: String(times.start), end: String(times.end), step: String(times.step) }
        const ours = answerOf(() => engine.range(query, times.start * 1000, times.end * 1000, times.step * 1000))
        compare(await ours, await ask(`${url}/api/v1/query_range`, params))
      }),
      { seed, numRuns: runs },
    )
  })

  test('answer alike at an instant', async () => {
    await fc.assert(
      fc.asyncProperty(vector, anyStep, async (query, step) => {
        fc.pre(!excluded.some(([, pattern]) => pattern.test(query)))
        const at = times.start + step * times.step
        const ours = answerOf(() => engine.instant(query, at * 1000))
        compare(await ours, await ask(`${url}/api/v1/query`, { query, time: String(at) }))
      }),
      { seed, numRuns: runs },
    )
  })

  test('sort series alike, equal ones too', async () => {
    await fc.assert(
      fc.asyncProperty(sorted, anyStep, async (query, step) => {
        const [ours, theirs] = await both(query, times.start + step * times.step)
        expect([...ours.keys()]).toEqual([...theirs.keys()])
      }),
      { seed, numRuns: Math.ceil(runs / 3) },
    )
  })

  // Of equals 2.42 leaves out others than 3.x: it takes the worst out of its heap before it puts the new one in, where
  // later versions put the new one in its place (aggregation.test).
  test('choose as many of the largest and smallest, in the same order of values', async () => {
    await fc.assert(
      fc.asyncProperty(few, anyStep, async (query, step) => {
        const [ours, theirs] = await both(query, times.start + step * times.step)
        expect([...ours.values()]).toEqual([...theirs.values()])
      }),
      { seed, numRuns: Math.ceil(runs / 3) },
    )
  })

  test('count the samples that a query looks at alike, step by step', async () => {
    await fc.assert(
      fc.asyncProperty(vector, async (query) => {
        const params = { query, start: String(times.start), end: String(times.end), step: String(times.step), stats: 'all' }
        const theirs = await samplesLookedAt(`${url}/api/v1/query_range`, params)
        fc.pre(theirs !== undefined)
        const options = { perStepStats: true }
        const { stats } = await engine.range(query, times.start * 1000, times.end * 1000, times.step * 1000, options)
        expect({ total: stats.samplesTotal, perStep: [...(stats.perStep?.total ?? [])] }).toEqual(theirs)
      }),
      { seed, numRuns: Math.ceil(runs / 3) },
    )
  })
})

async function storeOf(data: readonly Generated[]): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using appender = store.appender()
  // In the order of a block: which of equals are chosen depends on what comes first.
  for (const { labels, samples } of data.toSorted(byLabels)) {
    const ref = appender.series(Labels.of(labels))
    for (const [at, value] of samples) appender.append(ref, at, value)
  }
  await appender.commit()
  return store
}

function byLabels(left: Generated, right: Generated): number {
  return Labels.compare(Labels.of(left.labels), Labels.of(right.labels))
}

type Sample = readonly [at: number, value: string]
type Outcome = { readonly error: string } | { readonly samples: ReadonlyMap<string, string> }

interface Answered {
  readonly status: string
  readonly error?: string
  readonly data?: Data
}

interface Data {
  readonly resultType: string
  readonly result:
    | Sample
    | readonly { readonly metric: Readonly<Record<string, string>>; readonly value?: Sample; readonly values?: readonly Sample[] }[]
}

async function ask(endpoint: string, params: Readonly<Record<string, string>>): Promise<Outcome> {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(params) })
  const answer = (await response.json()) as Answered
  return answer.data === undefined ? { error: answer.error ?? '' } : { samples: samplesOf(answer.data) }
}

/** Undefined for a query that fails. */
async function samplesLookedAt(endpoint: string, params: Readonly<Record<string, string>>) {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(params) })
  const { data } = (await response.json()) as {
    data?: { stats: { samples: { totalQueryableSamples: number; totalQueryableSamplesPerStep: [number, number][] } } }
  }
  if (data === undefined) return undefined
  const { totalQueryableSamples, totalQueryableSamplesPerStep } = data.stats.samples
  return { total: totalQueryableSamples, perStep: totalQueryableSamplesPerStep.map(([, count]) => count) }
}

async function answerOf(answer: () => Promise<Parameters<typeof writeAnswerJson>[0]>): Promise<Outcome> {
  try {
    return { samples: samplesOf(JSON.parse(writeAnswerJson(await answer()))) }
  } catch (error) {
    if (error instanceof QueryError) return { error: error.message }
    throw error
  }
}

function samplesOf({ resultType, result }: Data): ReadonlyMap<string, string> {
  if (resultType === 'scalar') return new Map([[`scalar ${(result as Sample)[0]}`, (result as Sample)[1]]])
  const found = new Map<string, string>()
  for (const { metric, value, values } of result as Exclude<Data['result'], Sample>) {
    for (const [at, own] of values ?? [value as Sample]) found.set(`${Labels.of(metric)} ${at}`, own)
  }
  return found
}

function compare(ours: Outcome, theirs: Outcome): void {
  if ('error' in ours || 'error' in theirs) {
    expect('error' in ours ? kindOf(ours.error) : 'no error').toBe('error' in theirs ? kindOf(theirs.error) : 'no error')
    return
  }
  expect([...ours.samples.keys()].sort()).toEqual([...theirs.samples.keys()].sort())
  for (const [key, text] of theirs.samples) {
    const [got, wanted] = [toNumber(ours.samples.get(key) as string), toNumber(text)]
    if (Object.is(got, wanted) || got === wanted) continue
    expect(Math.abs(got - wanted), `${key}: ${got} instead of ${wanted}`).toBeLessThanOrEqual(1e-6 * Math.max(Math.abs(wanted), 1e-6))
  }
}

/** Which series of several it names is a matter of chance in Prometheus. */
function kindOf(error: string): string {
  return error
    .replace('invalid parameter "query": ', '')
    .replace(/match group \{.*?\}/, 'match group {…}')
    .replace(/\[\{.*\}\]/, '[…]')
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}
