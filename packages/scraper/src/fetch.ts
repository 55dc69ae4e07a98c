import type { ScrapeConfig } from '@promlet/config'
import { scrapeAccept } from '@promlet/exposition'
import { type HttpClient, HttpError } from '@promlet/http'
import { ScrapeError } from './error.ts'
import type { Target } from './target.ts'

// Not by an import, which would load all of Node's WebSocket with it.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** What a target answered with. */
export interface ScrapedBody {
  readonly body: Uint8Array
  readonly contentType: string
  /** Gives the memory of the body back, which is empty then. */
  release?(): void
}

/** Asks a target once. */
export type Fetch = (target: Target, signal: AbortSignal) => Promise<ScrapedBody>

const DEFAULT_PROTOCOLS = ['OpenMetricsText1_0_0', 'OpenMetricsText0_0_1', 'PrometheusText1_0_0', 'PrometheusText0_0_4'] as const

/**
 * Makes the requests of a job's scrapes. They throw `HttpError` when no answer came and `ScrapeError` when it was no
 * good one.
 */
export function createFetch(config: ScrapeConfig, client: HttpClient, version: string): Fetch {
  const { bodyBytesMax } = config.limits
  const headers = {
    accept: scrapeAccept(config.scrapeProtocols ?? DEFAULT_PROTOCOLS, config.nameEscaping ?? 'allow-utf-8'),
    'accept-encoding': config.enableCompression ? 'gzip' : 'identity',
    'user-agent': `Promlet/${version}`,
  }
  const headersOf = new WeakMap<Target, Readonly<Record<string, string>>>()
  return async (target, signal) => {
    let ownHeaders = headersOf.get(target)
    if (ownHeaders === undefined) {
      ownHeaders = { ...headers, 'x-prometheus-scrape-timeout-seconds': String(target.timeoutMs / 1000) }
      headersOf.set(target, ownHeaders)
    }
    const response = await client.request({
      method: 'GET',
      url: target.url,
      headers: ownHeaders,
      timeoutMs: target.timeoutMs,
      signal,
      // In Prometheus a body that just reaches the limit is over it.
      bodyBytesMax: bodyBytesMax === 0 ? 0 : Math.max(1, bodyBytesMax - 1),
    })
    if (response.status !== 200) {
      throw new ScrapeError('status', `server returned HTTP status ${response.status} ${STATUS_CODES[response.status] ?? ''}`.trimEnd())
    }
    return { ...response, contentType: response.headers['content-type'] ?? '' }
  }
}

/** True when the body was longer than the job allows. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof HttpError && error.code === 'body-too-large'
}

/** The text of a failed scrape for people, as Prometheus has it. */
export function describeScrapeError(error: unknown): string {
  if (isTooLarge(error)) return 'body size limit exceeded'
  return error instanceof Error ? error.message : String(error)
}
