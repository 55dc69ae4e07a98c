// One request to a receiver, again and again until it is taken, refused for good, or too old. Prometheus:
// storage/remote/client.go (what counts as an error that passes) and queue_manager.go sendWriteRequestWithBackoff.

import type { RemoteWriteConfig } from '@promlet/config'
import { type HttpClient, HttpError, type HttpResponse } from '@promlet/http'
import type { Clock, DurationMs, Refusals } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import { RemoteError } from './error.ts'
import { noRefusals, readRefusals } from './refusals.ts'

/** Answers are short texts; a longer one is not worth its memory. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
/** So much of an answer's text goes into a log line. */
const ANSWER_TEXT_MAX = 1024
const RETRY_AFTER_MAX_MS: DurationMs = 3_600_000

/** 1.0, the default, or 2.0. */
export type Version = 1 | 2

export interface Attempt {
  /** Packed. */
  readonly body: Uint8Array
  readonly version: Version
}

export interface Transmission {
  readonly config: RemoteWriteConfig
  readonly client: HttpClient
  readonly clock: Clock
  readonly logger: Logger
  /** Aborted when the sender gives up at its end. */
  readonly signal: AbortSignal
}

/** How a request ended for good. */
export type Outcome =
  | { readonly kind: 'taken'; readonly refusals: Refusals }
  /** The receiver does not know the message: it may know the other version. */
  | { readonly kind: 'unsupported'; readonly error: RemoteError }
  | { readonly kind: 'rejected'; readonly error: RemoteError }

/** What `next` gives instead of a request when there is nothing left to send. */
export interface GivenUp {
  readonly givenUp: RemoteError
}

/**
 * Sends what `next` gives until an outcome is final; `next` is asked again before each try, as what waited too long
 * may be left out then. `onRetry` is called after each try that failed for now.
 */
export async function transmit(to: Transmission, next: () => Attempt | GivenUp, onRetry: () => void): Promise<Outcome> {
  const { minBackoffMs, maxBackoffMs } = to.config.queue
  let backoff = minBackoffMs
  for (let tries = 0; ; tries++) {
    const attempt = next()
    if ('givenUp' in attempt) return { kind: 'rejected', error: attempt.givenUp }
    const result = await tryOnce(to, attempt, tries)
    if (result.kind !== 'again') return result
    if (to.signal.aborted) return closed(result.reason)
    onRetry()
    const wait = result.retryAfterMs ?? backoff
    to.logger.warn({ err: result.reason, backoff_ms: wait }, 'Failed to send batch, retrying')
    try {
      await to.clock.sleep(wait, to.signal)
    } catch {
      return closed(result.reason)
    }
    backoff = Math.min(maxBackoffMs, Math.max(minBackoffMs, wait * 2))
  }
}

function closed(reason: Error): Outcome {
  const error = new RemoteError('closed', `remote write was stopped before the receiver took the batch: ${reason.message}`, {
    cause: reason,
  })
  return { kind: 'rejected', error }
}

interface Again {
  readonly kind: 'again'
  readonly reason: Error
  readonly retryAfterMs: DurationMs | undefined
}

async function tryOnce(to: Transmission, { body, version }: Attempt, tries: number): Promise<Outcome | Again> {
  let answer: HttpResponse
  try {
    answer = await to.client.request({
      method: 'POST',
      url: to.config.url,
      headers: { ...HEADERS[version], ...(tries > 0 && { 'retry-attempt': String(tries) }) },
      body,
      timeoutMs: to.config.remoteTimeoutMs,
      bodyBytesMax: ANSWER_BYTES_MAX,
      signal: to.signal,
    })
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error))
    // The request did arrive; sending it again would only end the same way.
    if (error instanceof HttpError && error.code === 'body-too-large') return rejected(reason.message, reason)
    return { kind: 'again', reason, retryAfterMs: undefined }
  }
  return judge(answer, version, to)
}

function judge(answer: HttpResponse, version: Version, { config, clock }: Transmission): Outcome | Again {
  const { status, headers } = answer
  if (status >= 200 && status < 300) return { kind: 'taken', refusals: noRefusals }
  const text = Buffer.from(answer.body.buffer, answer.body.byteOffset, Math.min(answer.body.length, ANSWER_TEXT_MAX)).toString('utf8')
  const message = `server returned HTTP status ${status}: ${text.trim()}`
  if (status >= 500 || (status === 429 && config.queue.retryOnRateLimit)) {
    return { kind: 'again', reason: new Error(message), retryAfterMs: retryAfter(headers['retry-after'], clock) }
  }
  if (status === 415 && version === 2) return { kind: 'unsupported', error: new RemoteError('rejected', message) }
  const refusals = status === 400 ? readRefusals(headers, text) : undefined
  if (refusals !== undefined) return { kind: 'taken', refusals }
  return rejected(message)
}

function rejected(message: string, cause?: Error): Outcome {
  return { kind: 'rejected', error: new RemoteError('rejected', message, { cause }) }
}

/** Seconds, or the time to wait for. */
function retryAfter(header: string | undefined, clock: Clock): DurationMs | undefined {
  if (header === undefined) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now()
  return Number.isNaN(ms) || ms <= 0 ? undefined : Math.min(ms, RETRY_AFTER_MAX_MS)
}

const SHARED_HEADERS = { 'content-encoding': 'snappy', 'user-agent': 'Promlet' }
const HEADERS: Readonly<Record<Version, Readonly<Record<string, string>>>> = {
  1: { ...SHARED_HEADERS, 'content-type': 'application/x-protobuf', 'x-prometheus-remote-write-version': '0.1.0' },
  2: {
    ...SHARED_HEADERS,
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': '2.0.0',
  },
}
