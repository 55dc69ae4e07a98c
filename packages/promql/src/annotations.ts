// Warnings and infos that come with an answer. Texts are Prometheus's (util/annotations); each is followed by the
// place in the query that it is about. The same text is said once, for the last place that it was met at: places are
// kept apart until the answer is made, as explaining tells of each.

import { formatGeneral, formatPlain, quote } from '@promlet/model'
import type { Position } from './syntax/ast.ts'

interface Annotation {
  readonly kind: 'warning' | 'info'
  readonly text: string
  readonly start: number
}

const NO_TEXTS: readonly string[] = []

/** The annotations of one query, in the order in which they were first met. */
export class Annotations {
  readonly #byKey = new Map<string, Annotation>()
  readonly #monotonicity = new Map<string, MonotonicityRepair>()

  warn(text: string, position: Position): void {
    this.#add({ kind: 'warning', text, start: position.start })
  }

  info(text: string, position: Position): void {
    this.#add({ kind: 'info', text, start: position.start })
  }

  /** Repairs of one metric at one place become one annotation that sums them up. */
  repaired(repair: MonotonicityRepair, position: Position): void {
    const key = `${position.start} ${repair.metric}`
    const known = this.#monotonicity.get(key)
    this.#monotonicity.set(key, known === undefined ? repair : mergeRepairs(known, repair))
    this.#byKey.set(key, { kind: 'info', text: key, start: position.start })
  }

  /** What was added since there were `since` annotations; with `size` this lets a shared part repeat its annotations. */
  added(since: number): readonly AnnotationRecord[] {
    return [...this.#byKey].slice(since).map(([key, annotation]) => ({ annotation, repair: this.#monotonicity.get(key) }))
  }

  get size(): number {
    return this.#byKey.size
  }

  /** Says an annotation again, `shift` characters further on. */
  repeat({ annotation, repair }: AnnotationRecord, shift: number): void {
    const position = { start: annotation.start + shift, end: annotation.start + shift }
    if (repair !== undefined) this.repaired(repair, position)
    else this.#add({ ...annotation, start: position.start })
  }

  /** The texts of one kind for the API, with `(line:column)` of the query, in the order of the query. */
  texts(kind: 'warning' | 'info', query: string): readonly string[] {
    if (this.#byKey.size === 0) return NO_TEXTS
    const own = this.added(0).filter(({ annotation }) => annotation.kind === kind)
    return inOrder(saidOnce(inOrder(own))).map((record) => recordText(record, query))
  }

  #add(annotation: Annotation): void {
    const key = `${annotation.start} ${annotation.text}`
    if (!this.#byKey.has(key)) this.#byKey.set(key, annotation)
  }
}

function inOrder(records: Iterable<AnnotationRecord>): AnnotationRecord[] {
  return [...records].sort((left, right) => left.annotation.start - right.annotation.start)
}

/** Of the same text the last; repairs of one metric are summed up where the first was. */
function saidOnce(records: readonly AnnotationRecord[]): Iterable<AnnotationRecord> {
  const byText = new Map<string, AnnotationRecord>()
  for (const record of records) {
    const { annotation, repair } = record
    const key = repair === undefined ? annotation.text : `repair ${repair.metric}`
    const known = byText.get(key)
    if (repair === undefined || known?.repair === undefined) byText.set(key, record)
    else byText.set(key, { annotation: known.annotation, repair: mergeRepairs(known.repair, repair) })
  }
  return byText.values()
}

export interface AnnotationRecord {
  readonly annotation: Annotation
  readonly repair: MonotonicityRepair | undefined
}

/** An annotation as the API gives it. */
export function recordText({ annotation: { kind, text, start }, repair }: AnnotationRecord, query: string): string {
  return `PromQL ${kind}: ${repair === undefined ? text : repairText(repair)} (${lineAndColumn(query, start)})`
}

/** Counts of classic buckets that had to be raised so that `histogram_quantile` could read them. */
export interface MonotonicityRepair {
  readonly metric: string
  /** How many histograms (one per series and step). */
  readonly samples: number
  readonly firstAt: number
  readonly lastAt: number
  /** Upper bounds of the lowest and highest bucket that was raised, and the largest raise. */
  readonly lowestBucket: number
  readonly highestBucket: number
  readonly largestRaise: number
}

function mergeRepairs(left: MonotonicityRepair, right: MonotonicityRepair): MonotonicityRepair {
  return {
    metric: left.metric,
    samples: left.samples + right.samples,
    firstAt: Math.min(left.firstAt, right.firstAt),
    lastAt: Math.max(left.lastAt, right.lastAt),
    lowestBucket: Math.min(left.lowestBucket, right.lowestBucket),
    highestBucket: Math.max(left.highestBucket, right.highestBucket),
    largestRaise: Math.max(left.largestRaise, right.largestRaise),
  }
}

const REPAIRED =
  'input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)'

function repairText(repair: MonotonicityRepair): string {
  const from = `from buckets ${formatGeneral(repair.lowestBucket)} to ${formatGeneral(repair.highestBucket)}`
  const raise = `with a max diff of ${formatTwoDigits(repair.largestRaise)}`
  const times = `from ${rfc3339(repair.firstAt)} to ${rfc3339(repair.lastAt)}`
  return `${withMetric(REPAIRED, repair.metric)}, ${from}, ${raise}, over ${repair.samples} samples ${times}`
}

function rfc3339(ms: number): string {
  return `${new Date(Math.trunc(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`
}

/** Line and column from 1; columns count bytes of the UTF-8 text, as Go does. */
export function lineAndColumn(query: string, offset: number): string {
  const before = query.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  return `${line}:${new TextEncoder().encode(before.slice(lineStart)).length + 1}`
}

/** As `%.2g` prints a positive number. */
function formatTwoDigits(value: number): string {
  const [digits = '', power = '0'] = value.toExponential(1).split('e')
  const exponent = Number(power)
  if (!Number.isFinite(value) || (exponent >= -4 && exponent < 2)) return formatPlain(Number(value.toPrecision(2)))
  return `${digits.replace('.0', '')}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

export function withMetric(text: string, metric: string): string {
  return metric === '' ? text : `${text} for metric name ${quote(metric)}`
}

/** The texts, without kind and place. Names stand in quotes. */
export const annotationTexts = {
  invalidQuantile: (q: number) => `quantile value should be between 0 and 1, got ${formatGeneral(q)}`,
  invalidRatio: (ratio: number, cap: number) =>
    `ratio value should be between -1 and 1, got ${formatGeneral(ratio)}, capping to ${formatGeneral(cap)}`,
  badBucketLabel: (metric: string, le: string) =>
    withMetric(`bucket label "le" is missing or has a malformed value of ${quote(le)}`, metric),
  mixedFloatsHistograms: (metric: string) => `encountered a mix of histograms and floats for metric name ${quote(metric)}`,
  mixedInAggregation: 'encountered a mix of histograms and floats for aggregation',
  mixedClassicNative: (metric: string) => withMetric('vector contains a mix of classic and native histograms', metric),
  notCounter: (metric: string) => `this native histogram metric is not a counter: ${quote(metric)}`,
  notGauge: (metric: string) => `this native histogram metric is not a gauge: ${quote(metric)}`,
  mixedSchemas: (metric: string) =>
    `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${quote(metric)}`,
  incompatibleLayout: (operator: string) => `incompatible bucket layout encountered for binary operator ${operator}`,
  conflictingResets: (operation: HistogramOperation) => `conflicting counter resets during histogram ${operation}`,
  reconciledBuckets: (operation: HistogramOperation) => `mismatched custom buckets were reconciled during ${operation}`,
  possibleNonCounter: (metric: string) =>
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(metric)}`,
  possibleNonCounterType: (metric: string, type: string) =>
    `metric might not be a counter, __type__ label is not set to "counter" or "histogram", got ${quote(type)}: ${quote(metric)}`,
  incompatibleTypes: (left: string, operator: string, right: string) =>
    `incompatible sample types encountered for binary operator "${operator}": ${left} ${operator} ${right}`,
  ignoredInAggregation: (operator: string) => `ignored histogram in ${operator} aggregation`,
  ignoredInRange: (metric: string) =>
    `ignored histograms in a range containing both floats and histograms for metric name ${quote(metric)}`,
  quantileOfNaN: (metric: string) => withMetric('input to histogram_quantile has NaN observations, result is NaN', metric),
  quantileSkewed: (metric: string) => withMetric('input to histogram_quantile has NaN observations, result is skewed higher', metric),
  fractionOfNaN: (metric: string) =>
    withMetric('input to histogram_fraction has NaN observations, which are excluded from all fractions', metric),
  startTimeOverlap: (metric: string) => `sample has start time that overlaps with previous sample timestamp for metric ${quote(metric)}`,
  sortInRange: 'sort is ineffective for range queries since results are always ordered by labels',
} as const

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation'
