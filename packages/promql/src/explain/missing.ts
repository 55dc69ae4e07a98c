// Why a selector gives nothing: asks the store's index which of its matchers no series meets, and when the series that
// meet all of them had their samples.

import {
  type DurationMs,
  formatDuration,
  isStaleAt,
  type Matcher,
  METRIC_NAME,
  type Millis,
  type Queryable,
  QueryError,
  quote,
  type SeriesColumns,
  type TimeRange,
} from '@promlet/model'
import type { EmptyReason, PlaceInQuery } from './explanation.ts'
import { counted } from './series-text.ts'
import { suggestNames } from './suggest.ts'

export interface MissingSelector {
  readonly matchers: readonly Matcher[]
  readonly position: PlaceInQuery
  /** After the first, up to the second. */
  readonly from: Millis
  readonly to: Millis
  /** How the query says how far it looks: `the lookback of 5m`, `the range [1m]`. */
  readonly reach: string
  /** What the store gave, which may be more than the selector looks at. */
  readonly data: readonly SeriesColumns[]
}

/** Where to ask. */
export interface StoreIndex {
  readonly queryable: Queryable
  readonly signal: AbortSignal | undefined
}

const ALL_TIME: TimeRange = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }
const VALUES_SHOWN = 5
/** The last sample is looked for further and further away. */
const DISTANCES_MS: readonly DurationMs[] = [3_600_000, 86_400_000, 7 * 86_400_000, 60 * 86_400_000, 730 * 86_400_000]
/** More samples than this are not read for the sake of an explanation. */
const SAMPLES_MAX = 5_000_000

export async function whyMissing(selector: MissingSelector, index: StoreIndex): Promise<EmptyReason> {
  const { matchers, position } = selector
  if (await exists(matchers, index)) return whyNotThen(selector, index)
  const name = matchers.find((matcher) => matcher.name === METRIC_NAME)
  const named = name === undefined ? [] : [name]
  if (name !== undefined && !(await exists(named, index))) return noSuchMetric(name, position, index)
  for (const matcher of matchers) {
    if (matcher !== name && !(await exists([...named, matcher], index))) return noSuchValue(matcher, name, position, index)
  }
  return noSuchCombination(matchers, position, index)
}

async function exists(matchers: readonly Matcher[], { queryable, signal }: StoreIndex, range = ALL_TIME): Promise<boolean> {
  return (await queryable.labelNames(range, [matchers], options(signal))).length > 0
}

function options(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

async function noSuchMetric(name: Matcher, position: PlaceInQuery, { queryable, signal }: StoreIndex): Promise<EmptyReason> {
  const known = await queryable.labelValues(METRIC_NAME, ALL_TIME, [], options(signal))
  const didYouMean = name.operator === '=' ? suggestNames(name.value, known) : []
  const what = name.operator === '=' ? `no metric is called ${quote(name.value)}` : `no metric's name meets ${name}`
  const text = known.length === 0 ? 'the store has no series at all' : what
  return { code: 'no-such-metric', text, position, didYouMean, matcher: String(name) }
}

async function noSuchValue(
  matcher: Matcher,
  name: Matcher | undefined,
  position: PlaceInQuery,
  { queryable, signal }: StoreIndex,
): Promise<EmptyReason> {
  const series = name === undefined ? [] : [[name]]
  const ofWhat = name === undefined ? 'no series' : name.operator === '=' ? `no series of ${name.value}` : `no series with ${name}`
  const common = { position, matcher: String(matcher) }
  const values = await queryable.labelValues(matcher.name, ALL_TIME, series, options(signal))
  if (values.length === 0) {
    const names = await queryable.labelNames(ALL_TIME, series, options(signal))
    const didYouMean = suggestNames(matcher.name, names)
    const text = `${ofWhat} has a label ${matcher.name}; the labels are ${listed(names.filter((own) => own !== METRIC_NAME))}`
    return { ...common, code: 'no-such-label', text, didYouMean }
  }
  const didYouMean = matcher.operator === '=' ? suggestNames(matcher.value, values) : []
  const text = `${ofWhat} has ${matcher}; values of ${matcher.name} are ${listed(values.map(quote))}`
  return { ...common, code: 'no-such-label-value', text, didYouMean }
}

/** Each matcher alone is met, but not all at once: names the first that meets no series of those before it. */
async function noSuchCombination(matchers: readonly Matcher[], position: PlaceInQuery, index: StoreIndex): Promise<EmptyReason> {
  const met: Matcher[] = []
  const common = { code: 'no-such-combination', position, didYouMean: [] } as const
  for (const matcher of matchers) {
    if (await exists([...met, matcher], index)) {
      met.push(matcher)
      continue
    }
    const values = await index.queryable.labelValues(matcher.name, ALL_TIME, [met], options(index.signal))
    const theirs = values.length === 0 ? `these have no label ${matcher.name}` : `of these it is ${listed(values.map(quote))}`
    const text = `there are series with {${met.join(', ')}}, but none of them has ${matcher}: ${theirs}`
    return { ...common, text, matcher: String(matcher) }
  }
  return { ...common, text: 'no series meets all matchers' }
}

function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, VALUES_SHOWN).join(', ')
  return texts.length > VALUES_SHOWN ? `${shown} and ${texts.length - VALUES_SHOWN} more` : shown
}

/** The series are there, but not at that time. */
async function whyNotThen(selector: MissingSelector, index: StoreIndex): Promise<EmptyReason> {
  const { position, from, to, reach, data } = selector
  const ended = endOf(data, from, to)
  if (ended !== undefined) return endedReason(data.length, ended, position)
  const common = { code: 'outside-range', position, didYouMean: [] } as const
  const before = await nearest(selector.matchers, to, -1, index)
  if (before?.hasEnded === true) return endedReason(before.series, before.at, position)
  if (before !== undefined) {
    const ago = formatDuration(Math.round(to - before.at))
    const text = `the last sample of ${counted(before.series, 'series')} is of ${timeText(before.at)}, ${ago} before ${timeText(to)}: out of ${reach}`
    return { ...common, text, lastSampleAt: before.at / 1000 }
  }
  const after = await nearest(selector.matchers, to, 1, index)
  if (after === undefined) return { ...common, text: `the series have no sample within ${reach} of ${timeText(to)}` }
  return {
    ...common,
    text: `the first sample is of ${timeText(after.at)}, ${formatDuration(Math.round(after.at - to))} after ${timeText(to)}`,
  }
}

function endedReason(series: number, at: Millis, position: PlaceInQuery): EmptyReason {
  const text = `${counted(series, 'series')} ended: the last one got its stale marker at ${timeText(at)}`
  return { code: 'ended', text, position, didYouMean: [], lastSampleAt: at / 1000 }
}

/** When the last series ended, where all that have something in the range ended in it. */
function endOf(data: readonly SeriesColumns[], from: Millis, to: Millis): Millis | undefined {
  let latest: Millis | undefined
  for (const series of data) {
    const { times } = series
    const last = times.findLastIndex((at) => at > from && at <= to)
    if (last < 0) continue
    if (!isEnd(series, last)) return undefined
    latest = Math.max(latest ?? -Infinity, times[last]!)
  }
  return latest
}

function isEnd({ values, histograms }: SeriesColumns, index: number): boolean {
  return histograms?.[index]?.stale ?? isStaleAt(values, index)
}

interface Nearest {
  readonly at: Millis
  readonly series: number
  /** True when what was found before the time are stale markers, of all series. */
  readonly hasEnded: boolean
}

/** The sample nearest to a time, before or after it; undefined when there is none, or too many to look at. */
async function nearest(matchers: readonly Matcher[], time: Millis, direction: 1 | -1, index: StoreIndex): Promise<Nearest | undefined> {
  let near = 0
  for (const far of DISTANCES_MS) {
    const range = direction < 0 ? { from: time - far, to: time - near } : { from: time + near + 1, to: time + far }
    near = far
    const found = await samplesIn(matchers, range, index)
    if (found === undefined) return undefined
    if (found.length === 0) continue
    const ends = found.map(({ times }) => (direction < 0 ? times[times.length - 1]! : times[0]!))
    const at = direction < 0 ? ends.reduce((a, b) => Math.max(a, b)) : ends.reduce((a, b) => Math.min(a, b))
    return { at, series: found.length, hasEnded: direction < 0 && found.every((series) => isEnd(series, series.times.length - 1)) }
  }
  return undefined
}

/** Undefined when there are too many. */
export async function samplesIn(
  matchers: readonly Matcher[],
  range: TimeRange,
  { queryable, signal }: StoreIndex,
): Promise<readonly SeriesColumns[] | undefined> {
  try {
    const [found = []] = await queryable.select([{ matchers, ...range }], { ...options(signal), samplesMax: SAMPLES_MAX })
    return found
  } catch (error) {
    if (error instanceof QueryError && error.code === 'execution') return undefined
    throw error
  }
}

/** `2026-01-31 12:00:00 UTC`, with milliseconds where there are some. */
export function timeText(at: Millis): string {
  if (Math.abs(at) > 8.64e15) return `${at / 1000} s`
  return `${new Date(at).toISOString().replace('T', ' ').replace('.000', '').replace('Z', '')} UTC`
}
