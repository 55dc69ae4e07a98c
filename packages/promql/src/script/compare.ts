// Compares an answer with what a script expects. Floats may differ by a relative 1e-6, as in Prometheus's own runner.

import {
  compactHistogram,
  describeHistogram,
  formatGeneral,
  type Histogram,
  type Labels,
  type SeriesColumns,
  type Value,
} from '@promlet/model'
import type { SequenceValue } from '../syntax/ast.ts'
import type { EvalCommand, EvalSpan, ExpectedResult, ExpectedSeries } from './command.ts'

const EPSILON = 1e-6

/** What is wrong with an answer. */
export interface Difference {
  readonly message: string
  readonly expected: string
  readonly got: string
}

type Item = number | Histogram

/** A series of an answer by its samples' times. */
interface Got {
  readonly labels: Labels
  readonly items: ReadonlyMap<number, Item>
}

/** Undefined when the answer is as expected. */
export function compareResult(command: EvalCommand, value: Value): Difference | undefined {
  const { result } = command
  switch (value.kind) {
    case 'scalar':
      return compareScalar(result, value.value)
    case 'string':
      if (result.kind === 'string' && result.value === value.value) return undefined
      return { message: 'another string', expected: describeExpected(result), got: JSON.stringify(value.value) }
    default:
      return compareSeries(command, value)
  }
}

function compareScalar(result: ExpectedResult, value: number): Difference | undefined {
  if (result.kind === 'scalar' && isClose(result.value, value)) return undefined
  return { message: 'another scalar', expected: describeExpected(result), got: formatGeneral(value) }
}

function compareSeries(command: EvalCommand, value: Value & { kind: 'vector' | 'matrix' }): Difference | undefined {
  const { result } = command
  const got = seriesOf(value)
  const differ = (message: string): Difference => ({ message, expected: describeExpected(result), got: got.map(describeGot).join('\n') })
  if (result.kind !== 'series') return differ(`expected a ${result.kind}`)
  const times = stepTimes(result.range ?? command.span)
  const isOrdered = command.expectations.some(({ kind }) => kind === 'ordered')
  if (new Set(got.map(({ labels }) => labels.key)).size < got.length) return differ('the same series twice')
  for (const [index, series] of result.series.entries()) {
    const found = isOrdered ? got[index] : got.find(({ labels }) => labels.equals(series.labels))
    if (found === undefined || !found.labels.equals(series.labels)) {
      if (series.values.every((item) => item === undefined)) continue
      return differ(isOrdered ? `another series in place ${index + 1}` : `no series ${series.labels}`)
    }
    const problem = compareItems(series, found, times)
    if (problem !== undefined) return differ(problem)
  }
  const extra = got.find(({ labels }) => !result.series.some((series) => series.labels.equals(labels)))
  return extra === undefined ? undefined : differ(`unexpected series ${extra.labels}`)
}

function compareItems({ labels, values }: ExpectedSeries, { items }: Got, times: readonly number[]): string | undefined {
  for (const [step, at] of times.entries()) {
    const expected = values[step]
    const got = items.get(at)
    if (!isSame(expected, got)) return `${labels} at ${at / 1000}s: expected ${describeValue(expected)}, got ${describeItem(got)}`
  }
  for (const at of items.keys()) {
    if (!times.includes(at)) return `${labels} at ${at / 1000}s: unexpected ${describeItem(items.get(at))}`
  }
  return values.length > times.length ? `${labels}: more values expected than there are steps` : undefined
}

function isSame(expected: SequenceValue, got: Item | undefined): boolean {
  if (expected === undefined || got === undefined) return expected === got
  if (expected.kind === 'float') return typeof got === 'number' && isClose(expected.value, got)
  return expected.kind === 'histogram' && typeof got === 'object' && isCloseHistogram(expected.histogram, got)
}

function isClose(expected: number, got: number): boolean {
  if (Object.is(expected, got) || expected === got) return true
  if (Number.isNaN(expected) || Number.isNaN(got)) return Number.isNaN(expected) && Number.isNaN(got)
  const sum = Math.abs(expected) + Math.abs(got)
  const difference = Math.abs(expected - got)
  if (expected === 0 || got === 0 || sum < Number.MIN_VALUE * 2 ** 52) return difference < EPSILON * Number.MIN_VALUE * 2 ** 52
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON
}

function isCloseHistogram(expected: Histogram, got: Histogram): boolean {
  const left = compactHistogram(expected)
  const right = compactHistogram(got)
  return (
    (expected.counterResetHint === 'unknown' || expected.counterResetHint === got.counterResetHint) &&
    left.schema === right.schema &&
    left.zeroThreshold === right.zeroThreshold &&
    isClose(left.count, right.count) &&
    isClose(left.sum, right.sum) &&
    isClose(left.zeroCount, right.zeroCount) &&
    JSON.stringify(left.positiveSpans) === JSON.stringify(right.positiveSpans) &&
    JSON.stringify(left.negativeSpans) === JSON.stringify(right.negativeSpans) &&
    areClose(left.positiveBuckets, right.positiveBuckets) &&
    areClose(left.negativeBuckets, right.negativeBuckets) &&
    String(left.customValues ?? '') === String(right.customValues ?? '')
  )
}

function areClose(left: Float64Array, right: Float64Array): boolean {
  return left.length === right.length && left.every((value, index) => isClose(value, right[index]!))
}

function stepTimes(span: EvalSpan): readonly number[] {
  if (span.kind === 'instant') return [span.at]
  const times: number[] = []
  for (let at = span.start; at <= span.end; at += span.step) times.push(at)
  return times
}

function seriesOf(value: Value & { kind: 'vector' | 'matrix' }): readonly Got[] {
  if (value.kind === 'matrix') return value.series.map(itemsOf)
  return value.samples.map(({ labels, at, value: float, histogram }) => ({ labels, items: new Map([[at, histogram ?? float]]) }))
}

function itemsOf({ labels, times, values, histograms }: SeriesColumns): Got {
  return { labels, items: new Map(Array.from(times, (at, index) => [at, histograms?.[index] ?? values[index]!])) }
}

function describeExpected(result: ExpectedResult): string {
  if (result.kind === 'scalar') return formatGeneral(result.value)
  if (result.kind === 'string') return JSON.stringify(result.value)
  return result.series.map(({ labels, values }) => `${labels} ${values.map(describeValue).join(' ')}`).join('\n')
}

function describeGot({ labels, items }: Got): string {
  return `${labels} ${[...items].map(([at, item]) => `${describeItem(item)}@${at / 1000}`).join(' ')}`
}

function describeValue(value: SequenceValue): string {
  if (value === undefined) return '_'
  if (value.kind === 'stale') return 'stale'
  return describeItem(value.kind === 'float' ? value.value : value.histogram)
}

function describeItem(item: Item | undefined): string {
  if (item === undefined) return '_'
  return typeof item === 'number' ? formatGeneral(item) : describeHistogram(item)
}
