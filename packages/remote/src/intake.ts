// What both protocol versions do with what they read: resolve series, append, and count what was taken and what not.

import { type Appender, compareText, isValidName, Labels, METRIC_NAME, quote, quoteNameIfNeeded, type SeriesRef } from '@promlet/model'
import { checkHistogram } from './histogram-check.ts'
import type { TimedHistogram } from './read-histogram.ts'
import type { SeriesCache } from './series-cache.ts'

/** Refused series are named up to this many; a request can have thousands. */
const PROBLEMS_MAX = 20

/** Takes the samples of one request into one batch. */
export class Intake {
  readonly appender: Appender
  readonly cache: SeriesCache
  samples = 0
  histograms = 0
  exemplars = 0
  /** Samples and histograms of series whose labels are not valid. */
  invalidSamples = 0
  /** What was wrong, one line each, the first `PROBLEMS_MAX` of `problemCount`. */
  readonly problems: string[] = []
  problemCount = 0

  constructor(appender: Appender, cache: SeriesCache) {
    this.appender = appender
    this.cache = cache
  }

  /** Resolves labels that were not in the cache; undefined when they are not valid, which is then counted. */
  resolve(key: string, names: readonly string[], values: readonly string[]): SeriesRef | undefined {
    const problem = checkLabels(names, values)
    if (problem !== undefined) {
      this.refuse(problem)
      return undefined
    }
    const ref = this.appender.series(Labels.fromPairs(names.map((name, index) => [name, values[index] as string])))
    this.cache.set(key, ref)
    return ref
  }

  addHistogram(ref: SeriesRef, { at, histogram, startAt }: TimedHistogram): void {
    const problem = checkHistogram(histogram)
    if (problem !== undefined) {
      this.refuse(problem)
      return
    }
    this.appender.appendHistogram(ref, at, histogram, startAt)
    this.histograms++
  }

  refuse(problem: string): void {
    this.problemCount++
    if (this.problems.length < PROBLEMS_MAX) this.problems.push(problem)
  }
}

/** Prometheus: storage/remote/write_handler.go. Names may hold any text; they need not be sorted, as it sorts them. */
function checkLabels(names: readonly string[], values: readonly string[]): string | undefined {
  const metricName = values[names.indexOf(METRIC_NAME)] ?? ''
  if (metricName === '' || !isValidName(metricName) || !names.every(isValidName) || !values.every((value) => value.isWellFormed())) {
    return `invalid metric name or labels, got ${show(names, values)}`
  }
  const duplicate = names.find((name, index) => names.indexOf(name) !== index)
  return duplicate === undefined ? undefined : `invalid labels for series, labels ${show(names, values)}, duplicated label ${duplicate}`
}

/** As Prometheus prints a label set, but with all that is in it, valid or not. */
function show(names: readonly string[], values: readonly string[]): string {
  const pairs = names.map((name, index) => [name.toWellFormed(), (values[index] as string).toWellFormed()] as const)
  pairs.sort(([left], [right]) => compareText(left, right))
  return `{${pairs.map(([name, value]) => `${quoteNameIfNeeded(name)}=${quote(value)}`).join(', ')}}`
}

/** A text that is not valid UTF-8 becomes one that is not well-formed, so that it is refused as such later. */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end)
  return text.includes('\ufffd') && !isReplacementSent(bytes, start, end) ? '\ud800' : text
}

/** True when all replacement characters of the text were sent as such. */
function isReplacementSent(bytes: Buffer, start: number, end: number): boolean {
  return Buffer.from(bytes.toString('utf8', start, end)).equals(bytes.subarray(start, end))
}
