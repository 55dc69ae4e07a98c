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

/** What is wrong with an answer. Lines of both texts that stand at the same place are about the same series. */
export interface Difference {
  readonly message: string
  /** In the words of the script; a line is empty where the series was not expected. */
  readonly expected: string
  /** The same of the answer. */
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
  const times = stepTimes(result.kind === 'series' ? (result.range ?? command.span) : command.span)
  const isOrdered = command.expectations.some(({ kind }) => kind === 'ordered')
  const differ = (message: string): Difference => ({ message, ...sideBySide(result, got, times, isOrdered) })
  if (result.kind !== 'series') return differ(`expected a ${result.kind}`)
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
  return expected.kind === 'histogram' && typeof got === 'object' && isCloseHistogram(expected.histogram, got, expected.hasHint === true)
}

function isClose(expected: number, got: number): boolean {
  if (Object.is(expected, got) || expected === got) return true
  if (Number.isNaN(expected) || Number.isNaN(got)) return Number.isNaN(expected) && Number.isNaN(got)
  const sum = Math.abs(expected) + Math.abs(got)
  const difference = Math.abs(expected - got)
  if (expected === 0 || got === 0 || sum < Number.MIN_VALUE * 2 ** 52) return difference < EPSILON * Number.MIN_VALUE * 2 ** 52
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON
}

function isCloseHistogram(expected: Histogram, got: Histogram, hasHint: boolean): boolean {
  const left = compactHistogram(expected)
  const right = compactHistogram(got)
  return (
    (!hasHint || expected.counterResetHint === got.counterResetHint) &&
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

/** Both sides line by line: what is expected, with what came in its place, then what came besides. */
function sideBySide(
  result: ExpectedResult,
  got: readonly Got[],
  times: readonly number[],
  isOrdered: boolean,
): Omit<Difference, 'message'> {
  const expected = describeExpected(result).split('\n')
  const series = result.kind === 'series' ? result.series : []
  const placed = series.map(({ labels }, index) => (isOrdered ? got[index] : got.find((own) => own.labels.equals(labels))))
  const all = [...placed, ...got.filter((own) => !placed.includes(own))]
  return {
    expected: [...expected, ...all.slice(expected.length).map(() => '')].join('\n'),
    got: all.map((own) => (own === undefined ? '' : describeGot(own, times))).join('\n'),
  }
}

/** As a script writes it; samples at other times than the steps follow with their times. */
function describeGot({ labels, items }: Got, times: readonly number[]): string {
  const others = [...items].filter(([at]) => !times.includes(at)).map(([at, item]) => `${describeItem(item)}@${at / 1000}s`)
  return [String(labels), ...times.map((at) => describeItem(items.get(at))), ...others].join(' ')
}

function describeValue(value: SequenceValue): string {
  if (value === undefined) return '_'
  if (value.kind === 'stale') return 'stale'
  if (value.kind === 'float') return describeItem(value.value)
  const text = describeItem(value.histogram)
  const saysUnknown = value.hasHint === true && value.histogram.counterResetHint === 'unknown'
  return saysUnknown ? text.replace('{{', '{{counter_reset_hint:unknown ').replace(' }}', '}}') : text
}

function describeItem(item: Item | undefined): string {
  if (item === undefined) return '_'
  return typeof item === 'number' ? formatGeneral(item) : describeHistogram(item)
}
