// A QueryEngine that asks a server with Prometheus's query API.

import { defaultHttpClientConfig, type HttpClientConfig } from '@promlet/config'
import { type HttpClientFactory, HttpError, type HttpResponse } from '@promlet/http'
import {
  type Answer,
  type DurationMs,
  type Histogram,
  Labels,
  type Millis,
  parseFloatGo,
  type QueryEngine,
  QueryError,
  type QueryOptions,
  type SeriesColumns,
  type Value,
  type VectorSample,
} from '@promlet/model'
import { type JsonHistogram, parseHistogramJson } from './histogram-json.ts'

export interface QueryClientOptions {
  /** Where the server is, without `/api/v1`: `http://tsdb:9090` or `http://host/prometheus`. */
  readonly url: string
  readonly httpClient: HttpClientFactory
  /** How to reach it; nothing special by default. */
  readonly http?: HttpClientConfig
  /** For a query that sets no timeout itself; two minutes, as in Prometheus, by default. */
  readonly timeoutMs?: DurationMs
  /** A longer answer is an error; 256 MiB by default. */
  readonly bodyBytesMax?: number
}

export interface QueryClient extends QueryEngine {
  close(): Promise<void>
}

const TIMEOUT_MS: DurationMs = 120_000
/** The server says better than we do why a query took too long, if it gets the time to. */
const TIMEOUT_SLACK_MS: DurationMs = 5_000
const BODY_BYTES_MAX = 256 * 1024 * 1024

/**
 * Opens a client. Failures of the server are `QueryError`s with its own text and kind; one that cannot be reached is
 * `internal`. Native histograms come back as far as the API prints them: always of floats.
 */
export function createQueryClient(options: QueryClientOptions): QueryClient {
  const { url, httpClient, http = defaultHttpClientConfig } = options
  const client = httpClient(http)
  const base = url.replace(/\/+$/, '')
  const ask = async (path: string, parameters: Record<string, string>, query: QueryOptions = {}): Promise<Answer> => {
    const timeoutMs = query.timeoutMs ?? options.timeoutMs ?? TIMEOUT_MS
    const form = new URLSearchParams({ ...parameters, timeout: `${timeoutMs / 1000}s` })
    if (query.lookbackMs !== undefined) form.set('lookback_delta', `${query.lookbackMs / 1000}s`)
    try {
      return readAnswer(
        await client.request({
          method: 'POST',
          url: `${base}/api/v1/${path}`,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: Buffer.from(form.toString()),
          timeoutMs: timeoutMs + TIMEOUT_SLACK_MS,
          bodyBytesMax: options.bodyBytesMax ?? BODY_BYTES_MAX,
          ...(query.signal !== undefined && { signal: query.signal }),
        }),
      )
    } catch (error) {
      throw asQueryError(error)
    }
  }
  return {
    instant: (expr, at, query) => ask('query', { query: expr, time: seconds(at) }, query),
    range: (expr, start, end, step, query) =>
      ask('query_range', { query: expr, start: seconds(start), end: seconds(end), step: seconds(step) }, query),
    close: () => client.close(),
  }
}

function seconds(ms: Millis | DurationMs): string {
  return String(ms / 1000)
}

function asQueryError(error: unknown): QueryError {
  if (error instanceof QueryError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof HttpError ? error.code : undefined
  return new QueryError(code === 'timeout' ? 'timeout' : code === 'aborted' ? 'canceled' : 'internal', message, { cause: error })
}

interface Envelope {
  readonly status: string
  readonly data?: { readonly resultType: string; readonly result: unknown }
  readonly errorType?: string
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

const CODES = new Set<string>(['bad_data', 'execution', 'timeout', 'canceled', 'internal'])

function readAnswer({ status, body }: HttpResponse): Answer {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const envelope = parseEnvelope(text)
  if (envelope === undefined) throw new QueryError('internal', `server returned HTTP status ${status}: ${text.slice(0, 1024).trim()}`)
  if (envelope.status !== 'success' || envelope.data === undefined) {
    const kind = envelope.errorType ?? ''
    throw new QueryError(
      CODES.has(kind) ? (kind as QueryError['code']) : 'internal',
      envelope.error ?? `server returned HTTP status ${status}`,
    )
  }
  return {
    value: readValue(envelope.data.resultType, envelope.data.result),
    warnings: envelope.warnings ?? [],
    infos: envelope.infos ?? [],
  }
}

function parseEnvelope(text: string): Envelope | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && 'status' in parsed ? (parsed as Envelope) : undefined
  } catch {
    return undefined
  }
}

/** `[seconds, text]`. */
type JsonPoint = readonly [seconds: number, value: string]
type JsonHistogramPoint = readonly [seconds: number, histogram: JsonHistogram]

interface JsonSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: JsonPoint
  readonly histogram?: JsonHistogramPoint
  readonly values?: readonly JsonPoint[]
  readonly histograms?: readonly JsonHistogramPoint[]
}

function readValue(type: string, result: unknown): Value {
  switch (type) {
    case 'scalar': {
      const [at, text] = result as JsonPoint
      return { kind: 'scalar', at: millis(at), value: float(text) }
    }
    case 'string': {
      const [at, text] = result as JsonPoint
      return { kind: 'string', at: millis(at), value: text }
    }
    case 'vector':
      return { kind: 'vector', samples: (result as readonly JsonSeries[]).map(readSample) }
    case 'matrix':
      return { kind: 'matrix', series: (result as readonly JsonSeries[]).map(readSeries) }
    default:
      throw new QueryError('internal', `the server answered with a result of type ${JSON.stringify(type)}, which is not known`)
  }
}

function readSample({ metric, value, histogram }: JsonSeries): VectorSample {
  const labels = Labels.of(metric)
  if (histogram !== undefined) return { labels, at: millis(histogram[0]), value: Number.NaN, histogram: parseHistogramJson(histogram[1]) }
  const [at, text] = value as JsonPoint
  return { labels, at: millis(at), value: float(text) }
}

function readSeries({ metric, values = [], histograms = [] }: JsonSeries): SeriesColumns {
  const labels = Labels.of(metric)
  if (histograms.length > 0) return { labels, ...mixedColumns(values, histograms) }
  const times = new Float64Array(values.length)
  const floats = new Float64Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const [at, text] = values[index] as JsonPoint
    times[index] = millis(at)
    floats[index] = float(text)
  }
  return { labels, times, values: floats }
}

/** Floats and histograms come in lists of their own; a column has them in order of time. */
function mixedColumns(values: readonly JsonPoint[], histograms: readonly JsonHistogramPoint[]): Omit<SeriesColumns, 'labels'> {
  const points: { at: Millis; value: number; histogram: Histogram | undefined }[] = []
  for (const [at, text] of values) points.push({ at: millis(at), value: float(text), histogram: undefined })
  for (const [at, json] of histograms) points.push({ at: millis(at), value: Number.NaN, histogram: parseHistogramJson(json) })
  points.sort((left, right) => left.at - right.at)
  return {
    times: Float64Array.from(points, ({ at }) => at),
    values: Float64Array.from(points, ({ value }) => value),
    histograms: points.map(({ histogram }) => histogram),
  }
}

function millis(at: number): Millis {
  return Math.round(at * 1000)
}

function float(text: string): number {
  return parseFloatGo(text) ?? Number.NaN
}
