// What every scrape says of itself, as series with the target's labels.

import { type Appender, Labels, METRIC_NAME } from '@promlet/model'
import type { Slots } from './slots.ts'

/** How a scrape went. */
export interface ScrapeReport {
  readonly up: boolean
  readonly durationSeconds: number
  /** Samples in the exposition. */
  readonly scraped: number
  /** Those that relabelling left. */
  readonly added: number
  /** Series that the scrape before had not. */
  readonly seriesAdded: number
  /** The uncompressed body; -1 when it was over the limit, 0 when there was none. */
  readonly bodyBytes: number
}

const NAMES = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const
const EXTRA_NAMES = ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'] as const

/** How many slots reports take: with the extra ones, if the job asks for these. */
export function reportSlots(extra: boolean): number {
  return NAMES.length + (extra ? EXTRA_NAMES.length : 0)
}

/** Gives reports the first slots of the target. */
export function resolveReport(slots: Slots, target: Labels, appender: Appender): void {
  const names = [...NAMES, ...EXTRA_NAMES].slice(0, slots.reserved)
  for (const [slot, name] of names.entries()) slots.reserve(slot, Labels.fromPairs([...target, [METRIC_NAME, name]]), appender)
}

/** Puts a report into the row. A series of the target that has the name of a report comes first, as in Prometheus. */
export function putReport(slots: Slots, report: ScrapeReport, timeoutSeconds: number, sampleLimit: number): void {
  slots.put(0, report.up ? 1 : 0)
  slots.put(1, report.durationSeconds)
  slots.put(2, report.scraped)
  slots.put(3, report.added)
  slots.put(4, report.seriesAdded)
  if (slots.reserved === NAMES.length) return
  slots.put(5, timeoutSeconds)
  slots.put(6, sampleLimit)
  slots.put(7, report.bodyBytes)
}
