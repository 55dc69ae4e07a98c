// What every implementation of `Appendable` must do: the store, the in-memory store, the remote clients. Cases throw
// `AssertionError`, so any test runner can run them:
//   for (const { title, run } of appendableContract) test(title, async () => run(await open()))

import assert from 'node:assert/strict'
import type { Histogram } from '../histogram.ts'
import { Labels } from '../labels.ts'
import type { SeriesColumns } from '../ports.ts'
import { isStaleAt, setStale } from '../stale.ts'
import { type ContractCase, contractCase, HOUR, readAll, row, SECOND, simple, up, write } from './contract-case.ts'

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
