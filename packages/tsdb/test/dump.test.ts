// A dump in our own form holds everything: a store made from it gives the same dump again, byte by byte.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Appender, type Histogram, Labels, type MatcherSets, type Millis, type TimeRange } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { closeDatabase, openDatabase } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type ImportReport,
  importSamples,
  LosslessReader,
  losslessDump,
  openScan,
  openStore,
  type Store,
  type StoreOptions,
} from '../src/index.ts'
import { migrations } from '../src/schema.ts'
import { openFixture } from './fixtures/open.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-dump-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const NOW = Date.UTC(2026, 0, 1)
const START = NOW - 40 * 86_400_000
let folders = 0
const newFolder = () => join(root, `store-${folders++}`)
const clock = new VirtualClock(NOW)

function open(path: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  const limits = { retentionTimeMs: 100 * 86_400_000, outOfOrderTimeWindowMs: 3_600_000 }
  return openStore({ path, clock, logger: silentLogger, registry: createRegistry(), ...limits, ...options })
}

const of = (name: string, labels: Record<string, string> = {}) => Labels.of({ __name__: name, job: 'api', ...labels })
const bits = (...values: bigint[]) => new Float64Array(BigUint64Array.from(values).buffer)

const exponential: Histogram = {
  schema: 3,
  zeroThreshold: 1e-128,
  zeroCount: 2,
  count: 9,
  sum: 4.25,
  positiveSpans: [
    { offset: -2, length: 2 },
    { offset: 3, length: 1 },
  ],
  positiveBuckets: Float64Array.of(1, 2, 3),
  negativeSpans: [{ offset: 5, length: 1 }],
  negativeBuckets: Float64Array.of(1),
  counterResetHint: 'unknown',
  float: false,
}
const custom: Histogram = {
  ...exponential,
  schema: -53,
  zeroThreshold: 0,
  zeroCount: 0,
  sum: Infinity,
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveBuckets: Float64Array.of(1.5, 2.25),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  customValues: Float64Array.of(0.1, 0.5),
  counterResetHint: 'gauge',
  float: true,
}

function appendRow(appender: Appender, labels: Labels, at: Millis, values: Float64Array): void {
  appender.appendRow(appender.layout([appender.series(labels)]), at, values, Uint8Array.of(1))
}

/** One scrape with all that a store can hold. */
async function scrape(store: Store, step: number): Promise<void> {
  const at = START + step * 15_000
  await using appender = store.appender()
  for (let instance = 0; instance < 5; instance++) {
    const total = appender.series(of('http_requests_total', { instance: `${instance}` }))
    appender.append(total, at + instance, step * 7 + instance / 3, instance < 2 ? START - 1000 : undefined)
  }
  const odd = [1.5, -0, Number.NaN, Infinity, -Infinity, 5e-324, 2 ** 60 + 4096][step % 7] as number
  appendRow(appender, of('odd'), at, Float64Array.of(odd))
  appendRow(
    appender,
    of('nans', { 'gröÙe "1"': 'a\nb\\' }),
    at,
    bits([0x7ff8_0000_0000_0001n, 0x7ff0_0000_0000_0002n, 0x7ff0_0000_0000_0003n][step % 3]!),
  )
  appender.appendHistogram(appender.series(of('latency_seconds')), at, { ...exponential, count: 9 + step }, START - 500)
  appender.appendHistogram(appender.series(of('sizes')), at, custom)
  const mixed = appender.series(of('mixed'))
  if (step % 4 === 3) appender.appendHistogram(mixed, at, { ...exponential, stale: true })
  else if (step % 4 === 2) appender.appendHistogram(mixed, at, exponential)
  else appender.append(mixed, at, step)
  // Comes late each third time.
  appender.append(appender.series(of('late')), step % 3 === 2 ? at - 90_007 : at, step)
  if (step % 10 === 0) {
    const total = appender.series(of('http_requests_total', { instance: '0' }))
    appender.appendExemplar(total, { labels: Labels.of({ trace_id: `4bf92f35-${step}` }), value: step / 4, at })
    appender.setMetadata('http_requests_total', { type: 'counter', help: `Requests\n"${step}"`, unit: '' })
    appender.setMetadata('latency_seconds', { type: 'histogram', help: '', unit: 'seconds' })
  }
  await appender.commit()
}

async function fill(path: string, steps: number): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const store = stack.adopt(await open(path), (opened) => opened.close())
  for (let step = 0; step < steps; step++) {
    await scrape(store, step)
    if (step === Math.floor(steps / 2)) await store.compactNow()
  }
}

function dump(path: string, matcherSets: MatcherSets = []): string {
  using scan = openScan(path, (error) => expect.unreachable(`${error}`))
  return [...losslessDump(scan, { matcherSets, range: { from: -Infinity, to: Infinity } })].join('')
}

function load(path: string, lines: readonly string[], sortedBytes?: number, now = NOW): Promise<ImportReport> {
  return importSamples({
    path,
    clock: new VirtualClock(now),
    logger: silentLogger,
    ...(sortedBytes === undefined ? undefined : { sortedBytes }),
    async read(sink) {
      const reader = new LosslessReader(sink)
      for (const line of lines) expect(reader.line(line)).toBeUndefined()
      expect(reader.end()).toBeUndefined()
    },
  })
}

const linesOf = (text: string) => text.trimEnd().split('\n')

describe('a lossless dump', () => {
  test('of a store that was made of one is the same again', async () => {
    const [first, second, third] = [newFolder(), newFolder(), newFolder()]
    await fill(first, 300)
    const text = dump(first)
    const report = await load(second, linesOf(text))
    expect(report).toMatchObject({ series: 11, samples: 300 * 11, exemplars: 30, exemplarsStored: 30, metadata: 2, example: undefined })
    expect(dump(second)).toBe(text)
    // The same by way of many small files, and beside what an import left that was killed.
    mkdirSync(join(third, 'import-killed'), { recursive: true })
    await load(third, linesOf(text), 4_096)
    expect(dump(third)).toBe(text)
    expect(readdirSync(third).sort()).toEqual(['lock', 'store.db'])
  })

  test.each(['v1', 'v2'] as const)('of a store with schema %s makes a store of today with the same in it', async (version) => {
    using fixture = openFixture(version)
    const text = dump(fixture.folder)
    expect(text).toMatch(/"values":\[.*\n.*"histograms":\[/s)
    const path = newFolder()
    expect((await load(path, linesOf(text), 100_000, Date.UTC(2026, 6, 1))).example).toBeUndefined()
    expect(dump(path)).toBe(text)
  })

  test('may come with its series in any order, and again', async () => {
    const [first, second] = [newFolder(), newFolder()]
    await fill(first, 40)
    const text = dump(first)
    const lines = linesOf(text)
    const head = lines.filter((line) => /^\{"(promlet_dump|metadata)/.test(line))
    const blocks = lines
      .slice(head.length, -1)
      .join('\n')
      .split(/\n(?=\{"series")/)
    const backwards = [...head, ...blocks.reverse(), lines.at(-1) as string].join('\n').split('\n')
    for (let time = 0; time < 2; time++) expect((await load(second, backwards)).example).toBeUndefined()
    expect(dump(second)).toBe(text)
  })

  test('is drawn by the example of the documentation', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/dump.md'), 'utf8')
    const [, example = ''] = /```\n(\{"promlet_dump"[^`]*)```/.exec(page) ?? []
    const path = newFolder()
    await load(path, linesOf(example))
    expect(dump(path)).toBe(example)
  })

  test('holds what is asked for', async () => {
    const path = newFolder()
    expect(() => dump(path)).toThrow('there is no such file')
    await (await open(path)).close()
    expect(dump(path)).toBe('{"promlet_dump":1}\n{"end":{"series":0,"samples":0,"exemplars":0}}\n')
  })
})

describe('a dump of a damaged store', () => {
  /** The lines of a dump, and what was lost. */
  function salvage(path: string) {
    const lost: string[] = []
    using scan = openScan(path, (error) => lost.push(`${error}`))
    const range = { from: -Infinity, to: Infinity }
    const damaged = (id: number, part: TimeRange, error: Error) =>
      void lost.push(`${scan.labels(id)?.metricName} ${part.from}: ${error.message}`)
    return { lines: linesOf([...losslessDump(scan, { matcherSets: [], range, damaged })].join('')), lost }
  }

  async function damage(...statements: readonly string[]): Promise<{ readonly path: string; readonly before: readonly string[] }> {
    const path = newFolder()
    await fill(path, 60)
    const before = linesOf(dump(path))
    const database = openDatabase({ path: join(path, 'store.db'), migrations })
    for (const statement of statements) expect(database.prepare(statement).run().changes).toBe(1)
    closeDatabase(database)
    return { path, before }
  }

  const flip = (table: string, column: string, where: string) =>
    `UPDATE ${table} SET ${column} = CAST(x'ff' || substr(${column}, 2) AS BLOB) WHERE ${where}`

  test('has all but the damaged chunk', async () => {
    const { path, before } = await damage(flip('chunk', 'data', 'id = (SELECT min(id) FROM chunk)'))
    const { lines, lost } = salvage(path)
    expect(lost).toEqual([expect.stringMatching(/^http_requests_total \d+: chunk \d+: its checksum does not fit its content$/)])
    expect(lines.length).toBe(before.length)
    const changed = lines.filter((line, index) => line !== before[index])
    // The samples of one series, of which those in batches are left, and the end.
    expect(changed.map((line) => line.slice(0, 7))).toEqual(['{"times', '{"end":'])
  })

  test('has all but the damaged batch', async () => {
    const { path, before } = await damage(flip('batch', 'data', 'id = (SELECT max(id) FROM batch)'))
    const { lines, lost } = salvage(path)
    expect(lost).toEqual([expect.stringMatching(/batch \d+: its checksum does not fit its content/)])
    expect(lines.filter((line) => line.startsWith('{"series')).length).toBe(before.filter((line) => line.startsWith('{"series')).length)
  })

  test('has what stands before the end, where the file was cut off', async () => {
    const path = newFolder()
    await fill(path, 60)
    const before = linesOf(dump(path))
    const file = join(path, 'store.db')
    truncateSync(file, statSync(file).size - 3 * 8192)
    const { lines, lost } = salvage(path)
    expect(lost[0]).toMatch(/store\.db: its end was cut off; what stood there is lost$/)
    expect(lines.length).toBeGreaterThan(2)
    expect(before).toEqual(expect.arrayContaining(lines.filter((line) => line.startsWith('{"series'))))
    const options = { path, clock: new VirtualClock(NOW), logger: silentLogger, registry: createRegistry(), readonly: true }
    await expect(openStore(options)).rejects.toMatchObject({ code: 'corrupt' })
    const store = await openStore({ ...options, salvage: true })
    const { samples, problems } = await store.verify()
    expect(samples).toBeGreaterThan(0)
    expect(samples).toBeLessThan((JSON.parse(before.at(-1) as string) as { end: { samples: number } }).end.samples)
    expect(problems[0]).toMatch(/its end was cut off/)
    await store.close()
  })

  test('has all, without the index, but the series whose labels are damaged', async () => {
    const { path, before } = await damage(flip('posting', 'ids', 'pair = 0'), flip('series', 'pairs', 'id = 1'))
    const { lines, lost } = salvage(path)
    expect(lost).toEqual([expect.stringMatching(/its checksum does not fit its content/)])
    const missing = before.filter((line) => !lines.includes(line))
    expect(missing.filter((line) => line.startsWith('{"series'))).toEqual([expect.stringContaining('"instance":"0"')])
  })
})

describe('an import', () => {
  const refused = async (line: string, problem: object, before: readonly string[] = ['{"promlet_dump":1}']) => {
    const path = newFolder()
    const read = importSamples({
      path,
      clock,
      logger: silentLogger,
      async read(sink) {
        const reader = new LosslessReader(sink)
        for (const good of before) expect(reader.line(good)).toBeUndefined()
        expect(reader.line(line)).toEqual(problem)
        throw new Error('stop')
      },
    })
    await expect(read).rejects.toThrow('stop')
    expect(dump(path)).toMatch(/"samples":0/)
  }

  test('says what is wrong with a line, and where, and changes nothing then', async () => {
    const series = ['{"promlet_dump":1}', '{"series":{"__name__":"up"}}', '{"times":[1],"values":[1]}']
    await refused('{"promlet_dump":2}', { column: 2, message: 'expected version 1, the only one this program knows, found 2' }, [])
    await refused('{"times":[1],"values":[1]}', { column: 1, message: 'expected a line with "series" before the first samples' })
    await refused(
      '{"times":[1,2],"values":[1]}',
      { column: 16, message: 'expected "values" or "histograms" with 2 entries, as many as there are times' },
      series,
    )
    await refused(
      '{"times":[1],"values":["1"]}',
      { column: 14, message: 'expected a number, "+Inf", "-Inf", "NaN", "NaN:" and 16 digits, or "stale", found "1"' },
      series,
    )
    await refused('{"times":[1.5],"values":[1]}', { column: 2, message: expect.stringMatching('whole numbers') }, series)
    await refused('{"times":[1', { column: 12, message: expect.stringMatching('expected a line of JSON: ') }, series)
    await refused(
      '{"end":{"series":2,"samples":1,"exemplars":0}}',
      { column: 9, message: 'the dump says 2 series and has 1: something is missing' },
      series,
    )
    await refused('{"other":1}', { column: 1, message: expect.stringMatching('found "other"') }, series)
  })

  test('takes what is older than what is there, and counts what it may not take', async () => {
    const path = newFolder()
    const at = (time: number) => NOW - 1_000_000 + time
    const text = (times: readonly number[], values: readonly number[]) => [
      '{"promlet_dump":1}',
      '{"series":{"__name__":"up"}}',
      JSON.stringify({ times: times.map(at), values }),
      `{"end":{"series":1,"samples":${times.length},"exemplars":0}}`,
    ]
    await load(path, text([100, 200], [1, 2]))
    const report = await load(path, text([50, 100, 200, 150, 3_000_000], [5, 1, 3, 7, 9]))
    expect(report.refused).toEqual({ outOfOrder: 0, duplicate: 1, tooOld: 0, tooFarInFuture: 1, unknownSeries: 0 })
    expect(report.example).toMatch(/^the sample of \{__name__="up"\} at .* has the time of a stored sample and another value$/)
    expect(dump(path)).toContain(JSON.stringify({ times: [50, 100, 150, 200].map(at), values: [5, 1, 7, 2] }))
  })

  test('is refused while the store is in use', async () => {
    const path = newFolder()
    const store = await open(path)
    await expect(load(path, [])).rejects.toMatchObject({ code: 'locked' })
    await store.close()
  })
})
