import { Labels, type QueryEngine } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { describe, expect, test } from 'vitest'
import type { Elsewhere, LongQuery } from './elsewhere.ts'
import { createEngine, type PromqlEngine, type QueryStats } from './engine.ts'

const MINUTE = 60_000

interface Lab {
  readonly engine: PromqlEngine
  readonly clock: VirtualClock
  /** What was asked elsewhere. */
  readonly asked: LongQuery[]
  readonly ended: QueryStats[]
}

/** An engine over 20 series with a sample a minute, and another one over the same store elsewhere, which `wait` holds up. */
async function lab(
  limits: Partial<Pick<Elsewhere, 'turn' | 'isLong'>>,
  wait: Promise<void> = Promise.resolve(),
  maxConcurrency = 1,
): Promise<Lab> {
  const store = new MemoryStore()
  await using appender = store.appender()
  for (let index = 0; index < 20; index++) {
    const ref = appender.series(Labels.of({ __name__: 'queue_depth', instance: `host-${index}` }))
    for (let minute = 0; minute <= 60; minute++) appender.append(ref, minute * MINUTE, minute)
  }
  await appender.commit()
  const clock = new VirtualClock()
  const [asked, ended]: [LongQuery[], QueryStats[]] = [[], []]
  const there = createEngine({ queryable: store, clock })
  const elsewhere: Elsewhere = {
    turn: { ms: 20, samples: 1_000 },
    isLong: () => false,
    async answer(long) {
      asked.push(long)
      await wait
      return long.step === 0 ? there.instant(long.query, long.start) : there.range(long.query, long.start, long.end, long.step)
    },
    async write(long, limit) {
      asked.push(long)
      await wait
      return there.write(long, limit)
    },
    async explain(long) {
      asked.push(long)
      return there.explain(long.query, { at: long.start })
    },
    ...limits,
  }
  const observe = { ended: (stats: QueryStats) => void ended.push(stats) }
  return { engine: createEngine({ queryable: store, clock, elsewhere: () => elsewhere, observe, maxConcurrency }), clock, asked, ended }
}

const hour = (engine: QueryEngine, query: string) => engine.range(query, 0, 60 * MINUTE, MINUTE)

describe('a query with a place to go', () => {
  test('stays here while its samples fit its turn', async () => {
    const { engine, asked, ended } = await lab({})
    expect((await hour(engine, 'queue_depth{instance="host-1"}')).value).toMatchObject({ kind: 'matrix', series: [{}] })
    expect(asked).toEqual([])
    expect(ended).toHaveLength(1)
  })

  test('goes elsewhere when it holds too many samples, and answers and counts as if it had not', async () => {
    const { engine, asked, ended } = await lab({})
    expect((await hour(engine, 'queue_depth')).value).toMatchObject({ kind: 'matrix', series: { length: 20 } })
    expect(asked).toEqual([{ query: 'queue_depth', start: 0, end: 60 * MINUTE, step: MINUTE, options: { timeoutMs: 120_000 } }])
    expect(ended).toEqual([expect.objectContaining({ query: 'queue_depth', samplesTotal: 20 * 61 })])
  })

  test('goes elsewhere before anything is read when its selections are said to be long', async () => {
    const { engine, asked } = await lab({ isLong: (selections) => selections.length > 1 })
    await engine.instant('queue_depth', MINUTE)
    expect(asked).toEqual([])
    const sum = await engine.write(
      { query: 'sum(queue_depth) + sum(queue_depth{instance="host-1"})', start: MINUTE, end: MINUTE, step: 0 },
      0,
    )
    expect(sum.json).toBe('"resultType":"vector","result":[{"metric":{},"value":[60,"21"]}]')
    expect(asked).toHaveLength(1)
  })

  test('goes elsewhere when it takes too long', async () => {
    const { engine, asked, clock } = await lab({ turn: { ms: -1, samples: 1_000 } })
    await engine.instant('queue_depth', MINUTE, { timeoutMs: 5_000, lookbackMs: MINUTE })
    expect(asked).toMatchObject([{ step: 0, options: { timeoutMs: 5_000, lookbackMs: MINUTE } }])
    expect(clock.monotonic()).toBe(0)
  })

  test('is explained elsewhere too', async () => {
    const { engine, asked } = await lab({ isLong: () => true })
    expect(await engine.explain('sum(queue_depth)', { at: MINUTE })).toMatchObject({ query: 'sum(queue_depth)', samples: { total: 20 } })
    expect(asked).toHaveLength(1)
  })

  test('keeps its place among those that run', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { engine, asked } = await lab({ isLong: () => true }, promise)
    const both = [engine.instant('queue_depth', MINUTE), engine.instant('sum(queue_depth)', MINUTE)]
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect(asked).toHaveLength(1)
    resolve()
    await Promise.all(both)
    expect(asked).toHaveLength(2)
  })

  test('ends with the error that comes from elsewhere, and gives its place back', async () => {
    const { engine } = await lab({ isLong: () => true })
    const doubled = 'queue_depth * on () group_left queue_depth'
    await expect(engine.instant(doubled, MINUTE)).rejects.toMatchObject({ code: 'execution' })
    await expect(engine.instant(doubled, MINUTE)).rejects.toMatchObject({ code: 'execution' })
  })

  test('is refused here when it does not parse', async () => {
    const { engine, asked } = await lab({ isLong: () => true })
    await expect(engine.instant('sum(', MINUTE)).rejects.toMatchObject({ code: 'bad_data' })
    expect(asked).toEqual([])
  })
})

describe('a query of few series that is much work', () => {
  // 30,000 evaluations of the subquery, 9,000 in each of 2,101 windows.
  const heavy = (call: string) => [call.replace('POINTS', 'vector(time())[9000s:1s]'), 0, 2_100_000, 1_000] as const

  test('is told by its evaluations before it begins, though it reads nothing', async () => {
    const evaluations: number[] = []
    const isLong: Elsewhere['isLong'] = (_, count) => evaluations.push(count) > 0
    const { engine, asked } = await lab({ isLong })
    const [query, start, end, step] = heavy('sum_over_time(POINTS)')
    await engine.range(query, start, end, step)
    expect(asked).toEqual([expect.objectContaining({ query })])
    expect(evaluations[0]).toBeGreaterThan(2_101 + 11_000)
  })

  const isAskedWithin = (call: string) =>
    test(`is asked whether it is to end within a series: ${call}`, async () => {
      let asked = 0
      const isCanceled = () => ++asked > 40
      const engine = createEngine({ queryable: new MemoryStore(), clock: new VirtualClock(), isCanceled })
      const [query, start, end, step] = heavy(call)
      await expect(engine.range(query, start, end, step)).rejects.toMatchObject({ code: 'canceled' })
    })
  isAskedWithin('mad_over_time(POINTS)')
  isAskedWithin('quantile_over_time(0.9, POINTS)')
  isAskedWithin('stddev_over_time(POINTS)')
  isAskedWithin('predict_linear(POINTS, 3600)')
  isAskedWithin('double_exponential_smoothing(POINTS, 0.5, 0.5)')

  test('is refused where its subquery has more evaluations than samples are allowed, before there is room for them', async () => {
    const engine = createEngine({ queryable: new MemoryStore(), clock: new VirtualClock() })
    await expect(engine.instant('sum_over_time(vector(1)[5y:1s])', 0)).rejects.toMatchObject({
      code: 'execution',
      message: 'query processing would load too many samples into memory in query execution',
    })
  })
})
