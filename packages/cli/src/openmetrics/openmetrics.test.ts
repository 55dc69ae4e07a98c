import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Appender, type Histogram, Labels, type Millis } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { importSamples, openScan, openStore } from '@promlet/tsdb'
import { afterAll, describe, expect, test } from 'vitest'
import type { InputProblem } from '../input.ts'
import { openMetricsDump } from './dump.ts'
import { Loss } from './loss.ts'
import { secondsText } from './numbers.ts'
import { OpenMetricsReader } from './reader.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-openmetrics-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1)
const clock = new VirtualClock(NOW)
let folders = 0
const newFolder = () => join(root, `store-${folders++}`)

async function makeStore(fill: (appender: Appender) => void): Promise<string> {
  const path = newFolder()
  const store = await openStore({ path, clock, logger: silentLogger, registry: createRegistry() })
  await using appender = store.appender()
  fill(appender)
  expect((await appender.commit()).example).toBeUndefined()
  await store.close()
  return path
}

function dump(path: string): { readonly text: string; readonly loss: readonly string[] } {
  using scan = openScan(path, () => expect.unreachable())
  const loss = new Loss()
  const text = [...openMetricsDump(scan, { matcherSets: [], range: { from: -Infinity, to: Infinity } }, loss)].join('')
  return { text, loss: loss.lines() }
}

/** Reads a text, some bytes at a time but whole lines. */
async function load(text: string, linesAtOnce = 2): Promise<{ readonly path: string; readonly problem: InputProblem | undefined }> {
  const path = newFolder()
  let problem: InputProblem | undefined
  await importSamples({
    path,
    clock,
    logger: silentLogger,
    async read(sink) {
      const reader = new OpenMetricsReader(sink)
      const lines = text.split(/(?<=\n)/)
      for (let at = 0; at < lines.length && problem === undefined; at += linesAtOnce)
        problem = reader.lines(Buffer.from(lines.slice(at, at + linesAtOnce).join('')))
      problem ??= reader.end()
    },
  })
  return { path, problem }
}

const histogram: Histogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 1,
  sum: 1,
  positiveSpans: [{ offset: 0, length: 1 }],
  positiveBuckets: Float64Array.of(1),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  counterResetHint: 'unknown',
  float: false,
}

function fill(appender: Appender): void {
  const at = NOW - 60_000
  const add = (labels: Record<string, string>, times: readonly Millis[] = [at, at + 15_000]) => {
    const ref = appender.series(Labels.of(labels))
    for (const [index, time] of times.entries()) appender.append(ref, time, index + 0.5)
    return ref
  }
  const total = add({ __name__: 'http_requests_total', code: '200' }, [at + 1, at + 15_001, at + 30_007])
  appender.appendExemplar(total, { labels: Labels.of({ trace_id: 'a"b' }), value: 2, at: at + 15_000 })
  appender.appendExemplar(total, { labels: Labels.of({ trace_id: 'last' }), value: 3, at: at + 59_000 })
  for (const le of ['0.5', '1.0', '+Inf']) add({ __name__: 'latency_seconds_bucket', le })
  add({ __name__: 'latency_seconds_count' })
  add({ __name__: 'latency_seconds_sum' })
  for (const le of ['1', '+Inf']) add({ __name__: 'old_seconds_bucket', le })
  add({ __name__: 'temperature.celsius', 'room name': 'Küche\n"1"\\' })
  add({ job: 'nameless' })
  const odd = appender.series(Labels.of({ __name__: 'odd' }))
  for (const [index, value] of [-0, Infinity, -Infinity, 5e-324, 1e21, Number.NaN].entries()) appender.append(odd, at + index, value)
  appender.appendStale(odd, at + 100)
  appender.append(appender.series(Labels.of({ __name__: 'started_total' })), at, 1, at - 1000)
  appender.appendHistogram(appender.series(Labels.of({ __name__: 'native' })), at, histogram)
  appender.setMetadata('http_requests_total', { type: 'counter', help: 'All "requests"\nand\\more', unit: '' })
  appender.setMetadata('latency_seconds', { type: 'histogram', help: '', unit: 'seconds' })
  appender.setMetadata('old_seconds', { type: 'histogram', help: 'From an older Prometheus.', unit: 'minutes' })
  appender.setMetadata('odd', { type: 'gauge', help: '', unit: 'seconds' })
  appender.setMetadata('odd_total', { type: 'counter', help: '', unit: '' })
  appender.setMetadata('gone', { type: 'gauge', help: '', unit: '' })
}

describe('a dump in OpenMetrics', () => {
  test('holds labels, times and values, family by family, and says what it cannot hold', async () => {
    const { text, loss } = dump(await makeStore(fill))
    const seconds = (ms: number) => secondsText(NOW - 60_000 + ms)
    expect(text.split('\n')).toEqual([
      '# HELP http_requests All \\"requests\\"\\nand\\\\more',
      '# TYPE http_requests counter',
      `http_requests_total{code="200"} 0.5 ${seconds(1)}`,
      `http_requests_total{code="200"} 1.5 ${seconds(15_001)} # {trace_id="a\\"b"} 2 ${seconds(15_000)}`,
      `http_requests_total{code="200"} 2.5 ${seconds(30_007)}`,
      '# TYPE latency_seconds histogram',
      '# UNIT latency_seconds seconds',
      ...['{le="+Inf"}', '{le="0.5"}', '{le="1.0"}'].flatMap((le) => pair(`latency_seconds_bucket${le}`)),
      ...pair('latency_seconds_count'),
      ...pair('latency_seconds_sum'),
      '# TYPE odd gauge',
      ...['-0', '+Inf', '-Inf', '5e-324', '1e+21', 'NaN'].map((value, index) => `odd ${value} ${seconds(index)}`),
      '# TYPE old_seconds_bucket unknown',
      ...['{le="+Inf"}', '{le="1"}'].flatMap((le) => pair(`old_seconds_bucket${le}`)),
      '# TYPE started_total unknown',
      `started_total 1 ${seconds(0)}`,
      '# TYPE "temperature.celsius" unknown',
      ...pair('{"temperature.celsius","room name"="Küche\\n\\"1\\"\\\\"}'),
      '# EOF',
      '',
    ])
    expect(loss).toEqual([
      '1 sample left out: native histograms (such as {__name__="native"})',
      '1 sample left out: stale markers, which end a series (such as {__name__="odd"})',
      '1 sample written without the start timestamp of the counter (such as {__name__="started_total"})',
      '1 series left out: it has no metric name (such as {job="nameless"})',
      '1 exemplar left out: there is no sample of the series left to carry it (such as http_requests_total{code="200"})',
      '1 counter described under the name without _total, as OpenMetrics has it (such as http_requests_total)',
      '1 metric written without its metadata: another one has the same name in OpenMetrics (such as odd_total)',
      '1 metric written without its metadata: told its type, readers would change "le" or "quantile" labels (such as old_seconds)',
      '1 metric written without its unit: its name does not end with it (such as odd: seconds)',
      '1 metric left out: there is metadata of it, and no sample (such as gone)',
      '1 series written with quoted names, which only Prometheus 3 reads (such as {"temperature.celsius","room name"="Küche\\n\\"1\\"\\\\"})',
    ])

    function pair(series: string): string[] {
      return [`${series} 0.5 ${seconds(0)}`, `${series} 1.5 ${seconds(15_000)}`]
    }
  })

  test('of a store that was made of one is the same again', async () => {
    const { text } = dump(await makeStore(fill))
    for (const linesAtOnce of [1, 3, 1000]) {
      const { path, problem } = await load(text, linesAtOnce)
      expect(problem).toBeUndefined()
      expect(dump(path).text).toBe(text)
    }
  })

  test('of an empty store is its end', async () => expect(dump(await makeStore(() => {})).text).toBe('# EOF\n'))
})

test('a time is written so that readers that cut off get the millisecond', () => {
  for (const at of [0, 1001, -1001, 1_700_000_000_123, 1_763_769_600_001, 999, 2 ** 42 + 7])
    for (let more = 0; more < 1000; more++) expect(Math.trunc(Number(secondsText(at + more)) * 1000)).toBe(at + more)
})

describe('an OpenMetrics file', () => {
  const isRefused = (text: string, problem: InputProblem) =>
    test(`${JSON.stringify(text)}: ${problem.message}`, async () => {
      for (const linesAtOnce of [1, 100]) expect((await load(text, linesAtOnce)).problem).toEqual(problem)
    })

  isRefused('up 1 1\n', { line: 2, column: 1, message: 'data does not end with # EOF' })
  isRefused('', { line: 1, column: 1, message: 'data does not end with # EOF' })
  isRefused('up 1 1\nup 2\n# EOF\n', { line: 2, column: 3, message: 'expected timestamp for series {__name__="up"}, got none' })
  isRefused('# TYPE up gauge\nup{job="a} 1 1\n# EOF\n', {
    line: 2,
    column: 15,
    message: expect.stringMatching(/^expected label value, got .* \("INVALID"\) while parsing: "up\{job=/),
  } as unknown as InputProblem)
  isRefused('up 1 1\n# EOF\nup 2 2\n', {
    line: 2,
    column: 1,
    message: 'unexpected data after # EOF',
  })

  test('may be out of order, repeat itself and end without a line break', async () => {
    const at = NOW / 1000 - 100
    const { path, problem } = await load(
      `b 1 ${at + 2}\na{x="1"} 5 ${at}\nb 2 ${at + 1}\nb 1 ${at + 2}\na{ x="1", } 6 ${at + 3}\n# EOF`.replace('{ x="1", }', '{x="1",}'),
    )
    expect(problem).toBeUndefined()
    expect(
      dump(path)
        .text.split('\n')
        .filter((line) => !line.startsWith('#')),
    ).toEqual([`a{x="1"} 5 ${at}`, `a{x="1"} 6 ${at + 3}`, `b 2 ${at + 1}`, `b 1 ${at + 2}`, ''])
  })
})
