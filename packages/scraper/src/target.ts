// What is found becomes a target: the job's settings are written into labels, relabelling may change all of them, and
// then the labels are read back. Prometheus: scrape/target.go PopulateLabels.

import type { ScrapeConfig } from '@promlet/config'
import { type DurationMs, formatDuration, Labels, type Millis, parseDuration, quote, type Relabel } from '@promlet/model'
import { ScrapeError } from './error.ts'
import { targetUrl } from './target-url.ts'

export type TargetHealth = 'unknown' | 'up' | 'down'

/** One endpoint to scrape, and how the last scrape went. */
export interface Target {
  /** Two targets are the same one when these are equal: labels and URL. */
  readonly identity: string
  readonly scrapePool: string
  readonly url: string
  /** What its series get: no name starts with `__`. */
  readonly labels: Labels
  /** Before relabelling; of the discovery that found it last. */
  discoveredLabels: Labels
  readonly intervalMs: DurationMs
  readonly timeoutMs: DurationMs
  health: TargetHealth
  /** Empty after a good scrape. */
  lastError: string
  /** When the last scrape started; undefined before the first. */
  lastScrape: Millis | undefined
  lastScrapeDurationMs: DurationMs
}

/** What becomes of a label set that was found. */
export type Candidate =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'dropped'; readonly discoveredLabels: Labels }

/** Makes a target, or says that relabelling drops it. @throws ScrapeError `target` with Prometheus's text. */
export function makeTarget(found: Labels, config: ScrapeConfig, relabel: Relabel): Candidate {
  const discoveredLabels = withSettings(found, config)
  const labels = relabel(discoveredLabels)
  if (labels === undefined || labels.size === 0) return { kind: 'dropped', discoveredLabels }
  const address = labels.get('__address__')
  if (address === '') throw refusal('no address')
  if (address.includes('/')) throw refusal(`${quote(address)} is not a valid hostname`)
  const { intervalMs, timeoutMs } = readTiming(labels)
  const whole = labels.get('instance') === '' ? labels.with('instance', address) : labels
  const kept = whole.filter((name) => !name.startsWith('__meta_'))
  for (const [name, value] of kept) if (!value.isWellFormed()) throw refusal(`invalid label value for ${quote(name)}: ${quote(value)}`)
  const url = targetUrl(kept, config.params)
  const publicLabels = kept.filter((name) => !name.startsWith('__'))
  const target: Target = {
    identity: `${publicLabels.key}\n${url}`,
    scrapePool: config.jobName,
    url,
    labels: publicLabels,
    discoveredLabels,
    intervalMs,
    timeoutMs,
    health: 'unknown',
    lastError: '',
    lastScrape: undefined,
    lastScrapeDurationMs: 0,
  }
  return { kind: 'target', target }
}

/** Writes the job's settings into labels, where what was found does not say otherwise. */
function withSettings(found: Labels, config: ScrapeConfig): Labels {
  const settings: Record<string, string> = {
    job: config.jobName,
    __scrape_interval__: formatDuration(config.scrapeIntervalMs),
    __scrape_timeout__: formatDuration(config.scrapeTimeoutMs),
    __metrics_path__: config.metricsPath,
    __scheme__: config.scheme,
  }
  const labels = Labels.fromPairs([...Object.entries(settings), ...found])
  const params = Object.entries(config.params).filter(([, values]) => values.length > 0)
  return params.length === 0 ? labels : labels.withAll(params.map(([name, values]) => [`__param_${name}`, values[0] as string]))
}

function readTiming(labels: Labels): { intervalMs: DurationMs; timeoutMs: DurationMs } {
  const interval = labels.get('__scrape_interval__')
  const timeout = labels.get('__scrape_timeout__')
  const intervalMs = readDuration('interval', interval)
  const timeoutMs = readDuration('timeout', timeout)
  if (timeoutMs > intervalMs) {
    throw refusal(`scrape timeout cannot be greater than scrape interval (${quote(timeout)} > ${quote(interval)})`)
  }
  return { intervalMs, timeoutMs }
}

function readDuration(what: string, text: string): DurationMs {
  let duration: DurationMs
  try {
    duration = parseDuration(text)
  } catch (cause) {
    throw refusal(`error parsing scrape ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
  if (duration === 0) throw refusal(`scrape ${what} cannot be 0`)
  return duration
}

function refusal(message: string, cause?: unknown): ScrapeError {
  return new ScrapeError('target', message, cause === undefined ? {} : { cause })
}
