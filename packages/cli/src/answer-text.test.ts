import { type Histogram, Labels } from '@promlet/model'
import { expect, test } from 'vitest'
import { answerText } from './answer-text.ts'

const up = Labels.of({ __name__: 'up', job: 'node' })
const histogram: Histogram = {
  float: false,
  schema: 0,
  count: 4,
  sum: 5.5,
  zeroThreshold: 0.001,
  zeroCount: 1,
  counterResetHint: 'unknown',
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveBuckets: Float64Array.of(1, 2),
  negativeSpans: [],
  negativeBuckets: new Float64Array(),
}

test('a vector is a line per series', () => {
  const samples = [
    { labels: up, at: 1_700_000_000_500, value: 1 },
    { labels: up.without('job'), at: 1_700_000_000_500, value: Number.POSITIVE_INFINITY },
    { labels: Labels.empty, at: 1_700_000_000_500, value: Number.NaN, histogram },
  ]
  expect(answerText({ value: { kind: 'vector', samples } })).toBe(
    `
up{job="node"} => 1 @[1700000000.5]
up => +Inf @[1700000000.5]
{} => {count:4, sum:5.5, [-0.001,0.001]:1, (0.5,1]:1, (1,2]:2} @[1700000000.5]`.slice(1),
  )
})

test('a matrix has the labels of each series, then its values', () => {
  const series = [
    { labels: up, times: Float64Array.of(0, 15_000), values: Float64Array.of(1, Number.NaN), histograms: [undefined, histogram] },
  ]
  expect(answerText({ value: { kind: 'matrix', series } })).toBe(
    'up{job="node"} =>\n1 @[0]\n{count:4, sum:5.5, [-0.001,0.001]:1, (0.5,1]:1, (1,2]:2} @[15]',
  )
})

test('scalars, strings and nothing at all', () => {
  expect(answerText({ value: { kind: 'scalar', at: 1000, value: 0.5 } })).toBe('scalar: 0.5 @[1]')
  expect(answerText({ value: { kind: 'string', at: 1000, value: 'some text' } })).toBe('some text')
  expect(answerText({ value: { kind: 'vector', samples: [] } })).toBe('')
})
