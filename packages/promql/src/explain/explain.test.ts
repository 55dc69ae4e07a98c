import { type Histogram, Labels, systemClock } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { createEngine, type PromqlEngine } from '../engine.ts'
import type { ExplainNode, Explanation } from './explanation.ts'
import { explanationText } from './text.ts'

const MINUTE = 60_000
const END = 60 * MINUTE

let store: MemoryStore
let engine: PromqlEngine

beforeAll(async () => {
  store = new MemoryStore()
  await using appender = store.appender()
  const add = (labels: Record<string, string>, values: (minute: number) => number | 'stale' | undefined) => {
    const ref = appender.series(Labels.of(labels))
    for (let minute = 0; minute <= 60; minute++) {
      const value = values(minute)
      if (value === 'stale') appender.appendStale(ref, minute * MINUTE)
      else if (value !== undefined) appender.append(ref, minute * MINUTE, value)
    }
  }
  for (const [job, instance] of [
    ['web', 'a'],
    ['web', 'b'],
    ['db', 'c'],
  ] as const) {
    add({ __name__: 'http_requests_total', job, instance, code: '200' }, (minute) => minute * 60)
    add({ __name__: 'up', job, instance }, () => (instance === 'b' ? 0 : 1))
  }
  add({ __name__: 'memory_bytes', job: 'web', instance: 'a' }, (minute) => minute)
  add({ __name__: 'old_total', job: 'web' }, (minute) => (minute <= 40 ? minute : undefined))
  add({ __name__: 'ended', job: 'web' }, (minute) => (minute < 58 ? 1 : minute === 58 ? 'stale' : undefined))
  await appender.commit()
  engine = createEngine({ queryable: store, clock: new VirtualClock() })
})

const latency: Histogram = {
  ...{ schema: 0, zeroThreshold: 0, zeroCount: 0, count: 3, sum: 4, counterResetHint: 'unknown', float: true },
  ...{ positiveSpans: [{ offset: 0, length: 2 }], positiveBuckets: Float64Array.of(1, 2) },
  ...{ negativeSpans: [], negativeBuckets: Float64Array.of() },
}

const at = (query: string, time = END) => engine.explain(query, { at: time })
const over = (query: string) => engine.explain(query, { start: END - 10 * MINUTE, end: END, step: MINUTE })

/** Kinds and texts of the tree, indented by level. */
function outline(node: ExplainNode, level = 0): readonly string[] {
  return [`${'  '.repeat(level)}${node.kind} ${node.text}`, ...node.children.flatMap((child) => outline(child, level + 1))]
}

/** Its nodes by their text; of two with one text the first. */
function nodeOf({ tree }: Explanation, text: string): ExplainNode {
  const all = (node: ExplainNode): readonly ExplainNode[] => [node, ...node.children.flatMap(all)]
  const found = all(tree).find((node) => node.text === text)
  if (found === undefined) throw new Error(`no node ${text}`)
  return found
}

describe('the tree', () => {
  test('has each part of the query with its place, parentheses left out', async () => {
    const { tree } = await at('sum by (job) (rate(http_requests_total[5m])) / (1 + 2)')
    expect(outline(tree)).toEqual([
      'binary sum by (job) (rate(http_requests_total[5m])) / (1 + 2)',
      '  aggregation sum by (job) (rate(http_requests_total[5m]))',
      '    call rate(http_requests_total[5m])',
      '      matrix-selector http_requests_total[5m]',
      '  binary 1 + 2',
      '    number 1',
      '    number 2',
    ])
    expect(tree.children[1]?.position).toEqual({ start: 48, end: 53 })
  })

  test('counts series and samples in and out', async () => {
    const explained = await over('sum by (job) (rate(http_requests_total[5m]))')
    expect(explained.tree).toMatchObject({ steps: 11, input: { series: 3, samples: 33 }, output: { series: 2, samples: 22 } })
    expect(nodeOf(explained, 'rate(http_requests_total[5m])')).toMatchObject({ input: { series: 3, samples: 165 } })
    expect(nodeOf(explained, 'http_requests_total[5m]')).toMatchObject({ input: { series: 3, samples: 45 } })
  })

  test('shows a few series with their first and last value', async () => {
    const { tree } = await over('http_requests_total{job="web"}')
    expect(tree.values).toEqual([
      { series: 'http_requests_total{code="200", instance="a", job="web"}', samples: 11, first: [3000, '3000'], last: [3600, '3600'] },
      { series: 'http_requests_total{code="200", instance="b", job="web"}', samples: 11, first: [3000, '3000'], last: [3600, '3600'] },
    ])
    expect(tree.range).toEqual({ low: '3000', high: '3600' })
  })

  test('puts annotations where they arose', async () => {
    const explained = await at('sum(up) + sum(rate(memory_bytes[5m]))')
    const text = expect.stringContaining('metric might not be a counter')
    expect(nodeOf(explained, 'rate(memory_bytes[5m])').annotations).toEqual([text])
    expect(nodeOf(explained, 'sum(up)').annotations).toEqual([])
    expect(explained.infos).toEqual([text])
  })

  test('says what was computed once and used again', async () => {
    const { tree } = await at('sum(up) / (sum(up) + 1)')
    const [first, second] = [tree.children[0], tree.children[1]?.children[0]]
    const [computed, repeated] = first?.sameAs === undefined ? [first, second] : [second, first]
    expect(repeated?.sameAs).toEqual(computed?.position)
    expect(repeated).toMatchObject({ output: { series: 1, samples: 1 }, children: [{ isIdle: true }] })
    expect(computed?.children[0]).toMatchObject({ isIdle: false, output: { series: 3, samples: 3 } })
  })

  test('evaluates once what does not depend on the step', async () => {
    const explained = await over('up @ 3600 + up')
    expect(nodeOf(explained, 'up @ 3600')).toMatchObject({ steps: 11, output: { series: 3, samples: 33 } })
    expect((await over('sum(up @ 3600)')).tree.children[0]).toMatchObject({ steps: 1, output: { series: 3, samples: 3 } })
  })

  test('goes into subqueries with their own steps', async () => {
    const explained = await at('max_over_time(sum(up)[10m:2m])')
    expect(nodeOf(explained, 'sum(up)[10m:2m]')).toMatchObject({ resultType: 'matrix', output: { series: 1, samples: 5 } })
    expect(nodeOf(explained, 'sum(up)')).toMatchObject({ steps: 5 })
  })

  test('takes the time of the parts below out of the time of a part itself', async () => {
    const timed = createEngine({ queryable: store, clock: systemClock })
    const { tree, timings } = await timed.explain('sum(rate(http_requests_total[5m]))', { start: 0, end: END, step: 1000 })
    const [rate] = tree.children
    expect(tree.time.totalMs).toBeGreaterThanOrEqual(rate?.time.totalMs ?? 0)
    expect(tree.time.selfMs + (rate?.time.totalMs ?? 0)).toBeCloseTo(tree.time.totalMs, 1)
    expect(timings?.totalMs).toBeGreaterThan(0)
  })
})

describe('explaining', () => {
  test('changes nothing: samples looked at and annotations are those of the query', async () => {
    for (const query of [
      'sum(rate(memory_bytes[5m])) by (job) * on (job) group_right up',
      'topk(1, up) or vector(1)',
      'up[5m]',
      '"text"',
    ]) {
      const answer = await engine.instant(query, END)
      const explained = await at(query)
      expect(explained.samples).toEqual({ total: answer.stats.samplesTotal, peak: answer.stats.samplesPeak })
      expect(explained.infos).toEqual(answer.infos)
    }
  })

  test('refuses what does not parse', async () => {
    await expect(at('sum(')).rejects.toMatchObject({ code: 'bad_data' })
    await expect(over('up[5m]')).rejects.toMatchObject({ code: 'bad_data' })
  })

  test('tells how far a query came that fails', async () => {
    const explained = await at('up * on (job) up')
    expect(explained.error).toContain('found duplicate series for the match group {job="web"}')
    expect(explained.tree.error).toBe(explained.error)
    expect(explained.tree.children[0]).toMatchObject({ isIdle: false, output: { samples: 3 } })
  })
})

describe('vector matching', () => {
  const match = async (query: string) => (await at(query)).tree.match

  test('shows which pairs met and which series had no partner', async () => {
    expect(await match('http_requests_total / on (job, instance) memory_bytes')).toEqual({
      by: 'on (job, instance)',
      matched: {
        count: 1,
        examples: [{ left: 'http_requests_total{code="200", instance="a", job="web"}', right: 'memory_bytes{instance="a", job="web"}' }],
      },
      droppedLeft: {
        count: 2,
        examples: [
          {
            series: 'http_requests_total{code="200", instance="b", job="web"}',
            reason: 'no-partner',
            text: 'no series on the right with {instance="b", job="web"}',
          },
          {
            series: 'http_requests_total{code="200", instance="c", job="db"}',
            reason: 'no-partner',
            text: 'no series on the right with {instance="c", job="db"}',
          },
        ].sort((left, right) => (left.series < right.series ? -1 : 1)),
      },
      droppedRight: { count: 0, examples: [] },
    })
  })

  test('names labels that only one side has', async () => {
    const report = await match('http_requests_total * up')
    expect(report?.matched.count).toBe(0)
    expect(report?.droppedLeft.examples[0]?.text).toContain('no series there has the label code')
    expect(report?.droppedRight.count).toBe(3)
  })

  test('says when the other side has nothing at all', async () => {
    expect((await match('sum(nothing) / sum(up)'))?.droppedRight.examples[0]?.text).toBe('there is no series on the left')
  })

  test('says when a series lacks what is matched', async () => {
    const report = await match('sum by (job) (up) / on (instance) up')
    expect(report?.droppedLeft.examples[0]?.text).toBe('it has no label to be matched by, and no series on the right is without')
  })

  test('shows what a comparison filtered', async () => {
    const report = await match('up > on (instance) memory_bytes')
    expect(report?.droppedLeft.examples).toContainEqual({
      series: 'up{instance="a", job="web"}',
      reason: 'filtered',
      text: '1 > 60 does not hold',
    })
  })

  test('shows the pairs that a failing match is ambiguous for', async () => {
    const explained = await at('up + on (job) sum by (job, instance) (memory_bytes or up{job="db"})')
    expect(explained.error).toContain('many-to-one matching must be explicit')
    expect(explained.tree.match?.matched).toEqual({
      count: 3,
      examples: [
        { left: 'up{instance="a", job="web"}', right: '{instance="a", job="web"}' },
        { left: 'up{instance="b", job="web"}', right: '{instance="a", job="web"}' },
        { left: 'up{instance="c", job="db"}', right: '{instance="c", job="db"}' },
      ],
    })
  })

  test('counts what unless and or take out, and what fill saves', async () => {
    expect(await match('up unless memory_bytes')).toMatchObject({ matched: { count: 2 }, droppedLeft: { count: 1 } })
    expect(await match('up and memory_bytes')).toMatchObject({ matched: { count: 1 }, droppedLeft: { count: 2 } })
    expect(await match('memory_bytes or up')).toMatchObject({ matched: { count: 3 }, droppedRight: { count: 1 } })
    expect(await match('up + on (job, instance) fill (0) memory_bytes')).toMatchObject({ matched: { count: 3 }, droppedLeft: { count: 0 } })
  })
})

describe('an empty answer', () => {
  const reasons = async (query: string, time = END) => (await at(query, time)).empty
  const is = (query: string, code: string, text: string | RegExp, time = END) =>
    test(`of ${query}: ${code}`, async () => {
      const [reason, ...more] = await reasons(query, time)
      expect(more).toEqual([])
      expect(reason?.code).toBe(code)
      expect(reason?.text).toMatch(text)
    })

  is('sum(rate(nothing_total[5m]))', 'no-such-metric', 'no metric is called "nothing_total"')
  is('up{jobb="web"}', 'no-such-label', 'no series of up has a label jobb; the labels are instance, job')
  is('up{job="wbe"}', 'no-such-label-value', 'no series of up has job="wbe"; values of job are "db", "web"')
  is('up{job=~"x.*"}', 'no-such-label-value', 'no series of up has job=~"x.*"')
  is('up{job="web", instance="c"}', 'no-such-combination', /\{.*job="web".*\}, but none of them has instance="c": of these it is "a", "b"/)
  is(
    'old_total',
    'outside-range',
    'the last sample of 1 series is of 1970-01-01 00:40:00 UTC, 20m before 1970-01-01 01:00:00 UTC: out of the lookback of 5m',
  )
  is('old_total offset 10m', 'outside-range', '10m before 1970-01-01 00:50:00 UTC')
  is('rate(old_total[2m])', 'outside-range', 'out of the range of 2m')
  is('up offset 2h', 'outside-range', 'the first sample is of 1970-01-01 00:00:00 UTC, 1h after')
  is('ended', 'ended', 'stale marker at 1970-01-01 00:58:00 UTC')
  is('rate(http_requests_total[1m])', 'too-few-samples', 'samples are about 1m apart: a range of 4m is safe')
  is('up > 3', 'filtered', '> 3 holds for no sample: the 3 samples of 3 series are from 0 to 1')
  is('3 < up', 'filtered', '3 < holds for no sample')
  is('up > on (job, instance) memory_bytes', 'filtered', '1 > 60 does not hold')
  is('up * http_requests_total', 'nothing-matched', 'none of 3 series on the left and 3 on the right matched by all labels but the name')
  is('up unless up', 'something-there', 'unless takes out all 3 series')
  is('absent(up)', 'something-there', 'its argument gives something')
  is('topk(0, up)', 'no-result', 'topk is to choose no series at all')
  is('histogram_quantile(0.9, up)', 'no-result', 'the label le')
  is('limit_ratio(0, up)', 'no-result', 'limit_ratio is to choose no series at all')
  is('clamp(up, 2, 1)', 'no-result', 'its lower bound is above the upper one')
  is('histogram_count(up)', 'no-result', 'these are floats, and it takes native histograms')
  is('info(up, {region="eu"})', 'no-result', 'no info series of the same job and instance has the labels asked for')
  is('ended offset -2h', 'ended', 'stale marker at 1970-01-01 00:58:00 UTC')
  is('timestamp(uq)', 'no-such-metric', '"uq"')
  is('sum(up == 7) / sum(up)', 'filtered', '== 7')

  test('of floats where there are only histograms', async () => {
    const own = new MemoryStore()
    await using appender = own.appender()
    const ref = appender.series(Labels.of({ __name__: 'latency', job: 'web' }))
    for (let minute = 0; minute <= 60; minute++) appender.appendHistogram(ref, minute * MINUTE, latency)
    await appender.commit()
    const asked = createEngine({ queryable: own, clock: new VirtualClock() })
    for (const query of ['abs(latency)', 'max(latency)', 'max_over_time(latency[5m])', 'sum(sqrt(latency)) + 1']) {
      const [reason] = (await asked.explain(query, { at: END })).empty
      expect(reason?.text).toMatch(/these are native histograms, and it takes floats$/)
    }
  })

  test('has the names that were probably meant', async () => {
    expect((await reasons('http_request_total'))[0]?.didYouMean).toEqual(['http_requests_total'])
    expect((await reasons('http_requests'))[0]?.didYouMean).toEqual(['http_requests_total'])
    expect((await reasons('UP'))[0]?.didYouMean).toEqual(['up'])
    expect((await reasons('up{job="wbe"}'))[0]?.didYouMean).toEqual(['web'])
    expect((await reasons('zzz'))[0]?.didYouMean).toEqual([])
  })

  test('has a reason for each side that would have to give something', async () => {
    expect((await reasons('nope or nothing_total')).map(({ position }) => position.start)).toEqual([0, 8])
    expect((await reasons('nope + nothing_total')).map(({ code }) => code)).toEqual(['no-such-metric', 'no-such-metric'])
    expect(await reasons('nope or up')).toEqual([])
  })

  test('is explained at the node too, also where the answer is not empty', async () => {
    const explained = await at('absent(nope)')
    expect(explained.empty).toEqual([])
    expect(nodeOf(explained, 'nope').empty?.code).toBe('no-such-metric')
  })

  test('tells when the last sample was', async () => {
    expect((await reasons('old_total'))[0]?.lastSampleAt).toBe(2400)
  })
})

describe('explanationText', () => {
  test('is a tree for people', async () => {
    expect(explanationText(await at('sum(up) > 5')).split('\n')).toEqual([
      'at 1970-01-01 01:00:00 UTC',
      '0.00 ms: 0.00 ms parsing and reading, 0.00 ms evaluating; 3 samples looked at, 3 held at most',
      '',
      'sum(up) > 5',
      '  · 1:1, instant vector: 0 series (0 samples) from 1 series (1 sample), 0.00 ms (0.00 ms itself)',
      '  ∅ > 5 holds for no sample: the only one is 2',
      '  sum(up)',
      '    · 1:1, instant vector: 1 series (1 sample) from 3 series (3 samples), 0.00 ms (0.00 ms itself)',
      '    = {} 2',
      '    up',
      '      · 1:5, instant vector: 3 series (3 samples) from 3 series (15 samples), 0.00 ms',
      '      = up{instance="a", job="web"} 1',
      '      = up{instance="b", job="web"} 0',
      '      = up{instance="c", job="db"} 1',
      '  5',
      '    · 1:11, scalar, 0.00 ms',
      '    = 5',
      '',
      'The answer is empty:',
      '  1:1: > 5 holds for no sample: the only one is 2',
    ])
  })
})
