// What every implementation of `Appendable` and `Queryable` must do: the store, the in-memory store, the remote clients.
// Cases throw `AssertionError`, so any test runner can run them:
//   for (const { title, run } of appendableContract) test(title, async () => run(await open()))

import assert from 'node:assert/strict'
import type { Histogram } from '../histogram.ts'
import { Labels } from '../labels.ts'
import { Matcher, type MatchOperator } from '../matcher.ts'
import { type Appendable, type Queryable, QueryError, type SeriesColumns, type TimeRange } from '../ports.ts'
import { isStaleAt, setStale } from '../stale.ts'
import type { Millis } from '../units.ts'

/** An empty store: what `appendable` acknowledges, `queryable` finds. */
export interface ContractStore extends AsyncDisposable {
  readonly appendable: Appendable
  readonly queryable: Queryable
  /** Samples of the cases lie in the two hours before it; a whole number of milliseconds. */
  readonly now: Millis
}

export interface ContractCase {
  readonly title: string
  /** Uses up the store and disposes of it. @throws AssertionError */
  run(store: ContractStore): Promise<void>
}

type Body = (store: ContractStore) => Promise<void>

const contractCase = (title: string, body: Body): ContractCase => ({
  title,
  async run(store) {
    await using open = store
    await body(open)
  },
})

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const up = (instance: string) => Labels.of({ __name__: 'up', job: 'node', instance })
const everything = [new Matcher('__name__', '!=', '')]

async function readAll({ queryable, now }: ContractStore, matchers = everything): Promise<readonly SeriesColumns[]> {
  const [found = []] = await queryable.select([{ matchers, from: now - 2 * HOUR, to: now }])
  return found
}

/** Series as `{labels: [[seconds after `start`, value], …]}`. */
function simple(found: readonly SeriesColumns[], start: Millis): Record<string, [number, number][]> {
  const pairs = found.map(({ labels, times, values }): [string, [number, number][]] => [
    labels.toString(),
    Array.from(times, (at, index) => [(at - start) / SECOND, values[index] as number]),
  ])
  return Object.fromEntries(pairs)
}

/** One batch of single samples. */
async function write({ appendable }: ContractStore, samples: readonly (readonly [labels: Labels, at: Millis, value: number])[]) {
  await using appender = appendable.appender()
  for (const [labels, at, value] of samples) appender.append(appender.series(labels), at, value)
  return appender.commit()
}

function row(values: readonly (number | undefined)[]): [Float64Array, Uint8Array] {
  return [Float64Array.from(values, (value) => value ?? 0), Uint8Array.from(values, (value) => (value === undefined ? 0 : 1))]
}

const histogram = (changes: Partial<Histogram> = {}): Histogram => ({
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 2,
  count: 12,
  sum: 18.4,
  positiveSpans: [
    { offset: 0, length: 2 },
    { offset: 1, length: 2 },
  ],
  positiveBuckets: Float64Array.of(1, 2, 1, 1),
  negativeSpans: [{ offset: -3, length: 2 }],
  negativeBuckets: Float64Array.of(3, 2),
  counterResetHint: 'unknown',
  float: false,
  ...changes,
})

/** What has to come back; a stale histogram is only stale, and the hint is the reader's to find out. */
function comparable(value: Histogram | undefined): unknown {
  if (value === undefined) return undefined
  if (value.stale) return 'stale'
  const { counterResetHint, ...rest } = value
  const plain = { ...rest, positiveBuckets: [...value.positiveBuckets], negativeBuckets: [...value.negativeBuckets] }
  const hint = counterResetHint === 'gauge' ? { gauge: true } : {}
  return { ...plain, ...hint, ...(value.customValues === undefined ? {} : { customValues: [...value.customValues] }) }
}

/** Writing, and reading back what was written. */
export const appendableContract: readonly ContractCase[] = [
  contractCase('rows of a layout become samples of its series', async (store) => {
    const start = store.now - HOUR
    await using appender = store.appendable.appender()
    const layout = appender.layout([appender.series(up('a:9100')), appender.series(up('b:9100'))])
    appender.appendRow(layout, start, ...row([1, 0]))
    appender.appendRow(layout, start + 15 * SECOND, ...row([1, 1]))
    const refusals = await appender.commit()
    assert.deepEqual(simple(await readAll(store), start), {
      '{__name__="up", instance="a:9100", job="node"}': [
        [0, 1],
        [15, 1],
      ],
      '{__name__="up", instance="b:9100", job="node"}': [
        [0, 0],
        [15, 1],
      ],
    })
    assert.deepEqual({ ...refusals }, { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: 0, retired: [] })
  }),
  contractCase('an absent slot of a row is no sample', async (store) => {
    const start = store.now - HOUR
    await using appender = store.appendable.appender()
    const layout = appender.layout([appender.series(up('a:9100')), appender.series(up('b:9100'))])
    appender.appendRow(layout, start, ...row([1, undefined]))
    appender.appendRow(layout, start + SECOND, ...row([undefined, 1]))
    await appender.commit()
    const found = await readAll(store)
    assert.deepEqual(
      found.map(({ times }) => [...times]),
      [[start], [start + SECOND]],
    )
  }),
  contractCase("a row's arrays are the caller's again after the call", async (store) => {
    const start = store.now - HOUR
    await using appender = store.appendable.appender()
    const layout = appender.layout([appender.series(up('a:9100'))])
    const values = Float64Array.of(1)
    const present = Uint8Array.of(1)
    appender.appendRow(layout, start, values, present)
    values[0] = 2
    appender.appendRow(layout, start + SECOND, values, present)
    present[0] = 0
    await appender.commit()
    assert.deepEqual([...((await readAll(store))[0]?.values ?? [])], [1, 2])
  }),
  contractCase('a layout with one series more keeps the rows of the one before', async (store) => {
    const start = store.now - HOUR
    for (const [index, instances] of [['a'], ['a', 'b'], ['c', 'a', 'b'], ['b', 'c']].entries()) {
      await using appender = store.appendable.appender()
      const layout = appender.layout(instances.map((instance) => appender.series(up(instance))))
      appender.appendRow(layout, start + index * SECOND, ...row(instances.map((instance) => instance.charCodeAt(0))))
      await appender.commit()
    }
    const found = await readAll(store)
    assert.deepEqual(
      found.map(({ labels, times, values }) => [labels.get('instance'), times.length, [...new Set(values)]]),
      [
        ['a', 3, [97]],
        ['b', 3, [98]],
        ['c', 2, [99]],
      ],
    )
  }),
  contractCase('single samples of several times may stand in one batch', async (store) => {
    const start = store.now - HOUR
    await write(store, [
      [up('a'), start, 1],
      [up('a'), start + SECOND, 2],
      [up('b'), start, 3],
      [up('a'), start + 2 * SECOND, 4],
    ])
    assert.deepEqual(
      (await readAll(store)).map(({ values }) => [...values]),
      [[1, 2, 4], [3]],
    )
  }),
  contractCase('samples keep their bits: NaN, infinities, minus zero, the smallest and the largest numbers', async (store) => {
    const start = store.now - HOUR
    const values = [Number.NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, 0.1, 1 / 3, 2 ** 53 + 2, -123456.789]
    await write(
      store,
      values.map((value, index) => [up('a'), start + index, value]),
    )
    const found = (await readAll(store))[0] as SeriesColumns
    assert.equal(found.values.length, values.length)
    for (const [index, value] of values.entries()) assert.ok(Object.is(found.values[index], value), `value ${value}`)
    assert.equal(isStaleAt(found.values, 0), false)
  }),
  contractCase('stale markers come back as stale markers, from rows and from appendStale', async (store) => {
    const start = store.now - HOUR
    await using appender = store.appendable.appender()
    const ref = appender.series(up('a'))
    const values = Float64Array.of(0)
    appender.appendRow(appender.layout([ref]), start, ...row([1]))
    setStale(values, 0)
    appender.appendRow(appender.layout([ref]), start + SECOND, values, Uint8Array.of(1))
    appender.append(ref, start + 2 * SECOND, 1)
    appender.appendStale(ref, start + 3 * SECOND)
    await appender.commit()
    const found = (await readAll(store))[0] as SeriesColumns
    assert.deepEqual(
      Array.from(found.values, (_, index) => isStaleAt(found.values, index)),
      [false, true, false, true],
    )
  }),
  contractCase('what is not committed is not there', async (store) => {
    const start = store.now - HOUR
    {
      await using appender = store.appendable.appender()
      appender.append(appender.series(up('a')), start, 1)
      assert.deepEqual(await readAll(store), [])
    }
    assert.deepEqual(await readAll(store), [])
    const refusals = await write(store, [[up('a'), start, 2]])
    assert.equal(refusals.duplicate, 0)
    assert.deepEqual([...((await readAll(store))[0]?.values ?? [])], [2])
  }),
  contractCase('a repeated sample is ignored, one of the same time with another value refused', async (store) => {
    const start = store.now - HOUR
    await write(store, [[up('a'), start, 1]])
    assert.equal((await write(store, [[up('a'), start, 1]])).duplicate, 0)
    const refusals = await write(store, [[up('a'), start, 2]])
    assert.equal(refusals.duplicate, 1)
    assert.deepEqual([...((await readAll(store))[0]?.values ?? [])], [1])
  }),
  contractCase('an older sample is refused, and the rest of its batch comes in', async (store) => {
    const start = store.now - HOUR
    await write(store, [[up('a'), start + 10 * SECOND, 1]])
    await using appender = store.appendable.appender()
    const layout = appender.layout([appender.series(up('a')), appender.series(up('b'))])
    appender.appendRow(layout, start, ...row([2, 2]))
    const refusals = await appender.commit()
    assert.equal(refusals.outOfOrder, 1)
    assert.deepEqual(
      (await readAll(store)).map(({ values }) => [...values]),
      [[1], [2]],
    )
  }),
  contractCase('references hold for later appenders, and equal label sets have equal ones', async (store) => {
    const start = store.now - HOUR
    await using first = store.appendable.appender()
    const ref = first.series(up('a'))
    assert.equal(
      first.series(
        Labels.fromPairs([
          ['job', 'node'],
          ['instance', 'a'],
          ['__name__', 'up'],
        ]),
      ),
      ref,
    )
    first.append(ref, start, 1)
    await first.commit()
    await using second = store.appendable.appender()
    assert.equal(second.series(up('a')), ref)
    second.append(ref, start + SECOND, 2)
    await second.commit()
    assert.deepEqual(
      (await readAll(store)).map(({ values }) => [...values]),
      [[1, 2]],
    )
  }),
  contractCase('a sample of an unknown series is refused and its reference named', async (store) => {
    const start = store.now - HOUR
    await using appender = store.appendable.appender()
    const unknown = 2 ** 30 + 7
    appender.append(unknown, start, 1)
    appender.append(appender.series(up('a')), start, 1)
    const refusals = await appender.commit()
    assert.equal(refusals.unknownSeries, 1)
    assert.deepEqual([...refusals.retired], [unknown])
    assert.equal((await readAll(store)).length, 1)
  }),
  contractCase('the series of a layout are known while none has left', async (store) => {
    await using appender = store.appendable.appender()
    const layout = appender.layout([appender.series(up('a')), appender.series(up('b'))])
    assert.deepEqual(appender.retired(layout), [])
    appender.appendRow(layout, store.now - HOUR, ...row([1, 2]))
    await appender.commit()
    await using next = store.appendable.appender()
    assert.deepEqual(next.retired(layout), [])
    assert.equal(next.retired(layout + 4711), undefined)
  }),
  contractCase('of a batch that is to be whole nothing is stored while one of its series is not known', async (store) => {
    const start = store.now - HOUR
    const unknown = 2 ** 30 + 7
    await using first = store.appendable.appender()
    const ref = first.series(up('a'))
    first.appendRow(first.layout([ref]), start, ...row([1]))
    first.append(unknown, start, 1)
    const refusals = await first.commit({ whole: true })
    assert.deepEqual([...refusals.retired], [unknown])
    assert.deepEqual(await readAll(store), [])
    await using second = store.appendable.appender()
    second.appendRow(second.layout([ref]), start, ...row([1]))
    second.append(second.series(up('b')), start, 1)
    assert.deepEqual([...(await second.commit({ whole: true })).retired], [])
    assert.deepEqual(
      (await readAll(store)).map(({ values }) => [...values]),
      [[1], [1]],
    )
  }),
  contractCase('native histograms come back whole', async (store) => {
    const start = store.now - HOUR
    const written = [
      histogram(),
      histogram({ count: 13, positiveBuckets: Float64Array.of(1, 2, 2, 1), sum: 19.25 }),
      histogram({ float: true, count: 12.5, positiveBuckets: Float64Array.of(1.5, 2, 1, 1) }),
      histogram({
        schema: -53,
        zeroThreshold: 0,
        zeroCount: 0,
        count: 6,
        positiveSpans: [{ offset: 0, length: 3 }],
        positiveBuckets: Float64Array.of(1, 2, 3),
        negativeSpans: [],
        negativeBuckets: new Float64Array(0),
        customValues: Float64Array.of(0.1, 1),
      }),
      histogram({ counterResetHint: 'gauge' }),
      histogram({ stale: true }),
    ]
    const labels = Labels.of({ __name__: 'rpc_duration_seconds', job: 'api' })
    for (const [index, value] of written.entries()) {
      await using appender = store.appendable.appender()
      appender.appendHistogram(appender.series(labels), start + index * SECOND, value)
      await appender.commit()
    }
    const found = (await readAll(store))[0] as SeriesColumns
    assert.deepEqual(found.histograms?.map(comparable), written.map(comparable))
  }),
  contractCase('a repeated histogram is ignored, another one of the same time refused', async (store) => {
    const start = store.now - HOUR
    const labels = Labels.of({ __name__: 'rpc_duration_seconds', job: 'api' })
    const refusals = []
    for (const value of [histogram(), histogram(), histogram({ sum: 99 })]) {
      await using appender = store.appendable.appender()
      appender.appendHistogram(appender.series(labels), start, value)
      refusals.push((await appender.commit()).duplicate)
    }
    assert.deepEqual(refusals, [0, 0, 1])
    assert.equal((await readAll(store))[0]?.times.length, 1)
  }),
  contractCase('of a stale histogram nothing else is compared', async (store) => {
    const start = store.now - HOUR
    const labels = Labels.of({ __name__: 'rpc_duration_seconds', job: 'api' })
    const refusals = []
    for (const value of [histogram({ stale: true }), histogram({ stale: true, count: 99, zeroCount: 89 }), histogram()]) {
      await using appender = store.appendable.appender()
      appender.appendHistogram(appender.series(labels), start, value)
      refusals.push((await appender.commit()).duplicate)
    }
    assert.deepEqual(refusals, [0, 0, 1])
  }),
  contractCase('a series may change from floats to histograms and back', async (store) => {
    const start = store.now - HOUR
    const labels = Labels.of({ __name__: 'rpc_duration_seconds', job: 'api' })
    await using appender = store.appendable.appender()
    const ref = appender.series(labels)
    appender.append(ref, start, 1)
    await appender.commit()
    await using second = store.appendable.appender()
    second.appendHistogram(ref, start + SECOND, histogram())
    await second.commit()
    await write(store, [[labels, start + 2 * SECOND, 3]])
    const found = (await readAll(store))[0] as SeriesColumns
    assert.deepEqual(
      found.histograms?.map((value) => value !== undefined),
      [false, true, false],
    )
    assert.deepEqual([found.values[0], found.values[2]], [1, 3])
  }),
  contractCase('exemplars and metadata ride along', async (store) => {
    const start = store.now - HOUR
    await using appender = store.appendable.appender()
    const ref = appender.series(up('a'))
    appender.append(ref, start, 1)
    appender.appendExemplar(ref, { labels: Labels.of({ trace_id: '4bf92f35' }), value: 0.3, at: start })
    appender.setMetadata('up', { type: 'gauge', help: 'Whether the scrape succeeded.', unit: '' })
    await appender.commit()
    assert.equal((await readAll(store)).length, 1)
  }),
]

async function fill(store: ContractStore): Promise<Millis> {
  const start = store.now - HOUR
  const series = (path: string, extra: Record<string, string> = {}) =>
    Labels.of({ __name__: 'http_requests_total', job: 'api', path, ...extra })
  const samples: [Labels, Millis, number][] = []
  for (let index = 0; index < 4; index++) {
    const at = start + index * 15 * SECOND
    samples.push([up('a'), at, 1], [up('b'), at, 0], [series('/'), at, index], [series('/cart', { code: '500' }), at, index])
  }
  await write(store, samples)
  return start
}

/** Reading. */
export const queryableContract: readonly ContractCase[] = [
  contractCase('matchers choose series as Prometheus chooses them', async (store) => {
    await fill(store)
    const is = async (matchers: readonly (readonly [string, MatchOperator, string])[], expected: readonly string[]) => {
      const found = await readAll(
        store,
        matchers.map(([name, operator, value]) => new Matcher(name, operator, value)),
      )
      const names = found.map(({ labels }) => labels.get('path') || labels.get('instance'))
      assert.deepEqual(names, expected, JSON.stringify(matchers))
    }
    await is([['__name__', '=', 'up']], ['a', 'b'])
    await is([['__name__', '=', 'down']], [])
    await is([['__name__', '=~', 'up|http_requests_total']], ['/cart', '/', 'a', 'b'])
    await is([['__name__', '=~', 'http.*']], ['/cart', '/'])
    await is([['__name__', '=~', 'http']], [])
    await is(
      [
        ['job', '=', 'api'],
        ['path', '!=', '/'],
      ],
      ['/cart'],
    )
    await is(
      [
        ['job', '=~', '.+'],
        ['path', '=', ''],
      ],
      ['a', 'b'],
    )
    await is(
      [
        ['job', '=~', '.+'],
        ['path', '!=', ''],
      ],
      ['/cart', '/'],
    )
    await is(
      [
        ['__name__', '=', 'http_requests_total'],
        ['code', '=', ''],
      ],
      ['/'],
    )
    await is(
      [
        ['__name__', '=', 'http_requests_total'],
        ['code', '=~', '5..|'],
      ],
      ['/cart', '/'],
    )
    await is(
      [
        ['__name__', '=', 'http_requests_total'],
        ['code', '!~', '5..'],
      ],
      ['/'],
    )
    await is(
      [
        ['__name__', '=', 'up'],
        ['instance', '!~', 'a|c'],
      ],
      ['b'],
    )
    await is([['no_such_label', '=', 'x']], [])
    await is(
      [
        ['job', '=', 'node'],
        ['no_such_label', '=', ''],
      ],
      ['a', 'b'],
    )
    await is(
      [
        ['job', '=', 'node'],
        ['job', '!=', 'node'],
      ],
      [],
    )
  }),
  contractCase('a range holds both its ends', async (store) => {
    const start = await fill(store)
    const matchers = [new Matcher('instance', '=', 'a')]
    const is = async (from: Millis, to: Millis, expected: readonly number[]) => {
      const [found = []] = await store.queryable.select([{ matchers, from, to }])
      assert.deepEqual(
        found.flatMap(({ times }) => Array.from(times, (at) => (at - start) / SECOND)),
        expected,
      )
    }
    await is(start, start + 45 * SECOND, [0, 15, 30, 45])
    await is(start + 15 * SECOND, start + 30 * SECOND, [15, 30])
    await is(start + 15 * SECOND + 1, start + 30 * SECOND - 1, [])
    await is(start + 45 * SECOND, start + HOUR, [45])
    await is(start - HOUR, start - 1, [])
  }),
  contractCase('series come in label order, without those that have no sample in the range', async (store) => {
    const start = await fill(store)
    await write(store, [[Labels.of({ __name__: 'aaa' }), start + 10 * MINUTE, 1]])
    const found = await readAll(store)
    assert.deepEqual(
      found.map(({ labels }) => labels.toString()),
      found
        .map(({ labels }) => labels)
        .sort(Labels.compare)
        .map((labels) => labels.toString()),
    )
    assert.equal(found.length, 5)
    const [early = []] = await store.queryable.select([{ matchers: everything, from: start, to: start + MINUTE }])
    assert.equal(early.length, 4)
  }),
  contractCase('several selections are answered in their order', async (store) => {
    const start = await fill(store)
    const found = await store.queryable.select([
      { matchers: [new Matcher('__name__', '=', 'up')], from: start, to: start },
      { matchers: [new Matcher('__name__', '=', 'nothing')], from: start, to: start },
      { matchers: [new Matcher('path', '=', '/')], from: start, to: start + MINUTE },
    ])
    assert.deepEqual(
      found.map((series) => series.map(({ values }) => [...values])),
      [[[1], [0]], [], [[0, 1, 2, 3]]],
    )
    assert.deepEqual(await store.queryable.select([]), [])
  }),
  contractCase('more samples than allowed are an error', async (store) => {
    const start = await fill(store)
    const selections = [{ matchers: everything, from: start, to: start + HOUR }]
    await store.queryable.select(selections, { samplesMax: 16 })
    await assert.rejects(store.queryable.select(selections, { samplesMax: 15 }), (error) => error instanceof QueryError)
  }),
  contractCase('an aborted signal ends a read', async (store) => {
    const start = await fill(store)
    const signal = AbortSignal.abort(new Error('the client went away'))
    const range = { from: start, to: start + HOUR }
    await assert.rejects(store.queryable.select([{ matchers: everything, ...range }], { signal }))
    await assert.rejects(store.queryable.series(range, [], { signal }))
    await assert.rejects(store.queryable.labelNames(range, [], { signal }))
    await assert.rejects(store.queryable.labelValues('job', range, [], { signal }))
  }),
  contractCase('label names, label values and series come sorted, of all series or of those that match', async (store) => {
    const start = await fill(store)
    const { queryable } = store
    const range: TimeRange = { from: start, to: start + HOUR }
    const requests = [new Matcher('__name__', '=', 'http_requests_total')]
    const cart = [new Matcher('path', '=', '/cart')]
    const upA = [new Matcher('instance', '=', 'a')]
    assert.deepEqual(await queryable.labelNames(range, []), ['__name__', 'code', 'instance', 'job', 'path'])
    assert.deepEqual(await queryable.labelNames(range, [requests]), ['__name__', 'code', 'job', 'path'])
    assert.deepEqual(await queryable.labelValues('job', range, []), ['api', 'node'])
    assert.deepEqual(await queryable.labelValues('path', range, [requests]), ['/', '/cart'])
    assert.deepEqual(await queryable.labelValues('job', range, [cart, upA]), ['api', 'node'])
    assert.deepEqual(await queryable.labelValues('nothing', range, []), [])
    const found = await queryable.series(range, [cart, requests, upA])
    assert.deepEqual(
      found.map((labels) => labels.get('path') || labels.get('instance')),
      ['/cart', '/', 'a'],
    )
    assert.equal((await queryable.series(range, [])).length, 4)
  }),
  contractCase('nothing is found in a time before the first sample', async (store) => {
    const start = await fill(store)
    const { queryable } = store
    const range: TimeRange = { from: start - 20 * HOUR, to: start - 10 * HOUR }
    assert.deepEqual(await queryable.labelNames(range, []), [])
    assert.deepEqual(await queryable.labelValues('job', range, []), [])
    assert.deepEqual(await queryable.series(range, [[new Matcher('job', '=', 'api')]]), [])
  }),
]
