// A Queryable over one server that answers remote read. Prometheus: storage/remote/client.go and read.go.

import { STATUS_CODES } from 'node:http'
import type { RemoteReadConfig } from '@promlet/config'
import type { HttpClient, HttpRequest, HttpResponse } from '@promlet/http'
import {
  type Clock,
  compareText,
  Labels,
  Matcher,
  type MatcherSets,
  METRIC_NAME,
  type Queryable,
  QueryError,
  type Selection,
  type SelectOptions,
  type SeriesColumns,
  type TimeRange,
} from '@promlet/model'
import { RemoteError } from './error.ts'
import { type ReadQuery, writeReadRequest } from './read-request.ts'
import { parseReadResponse } from './read-response.ts'
import type { ReaderMetrics } from './reader-metrics.ts'
import { decodeSnappy, encodeSnappy } from './snappy.ts'

export interface ReadClientOptions {
  readonly config: Pick<RemoteReadConfig, 'url' | 'remoteTimeoutMs'>
  readonly client: HttpClient
  readonly clock: Clock
  readonly metrics?: ReaderMetrics
}

const HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'accept-encoding': 'snappy',
  'user-agent': 'Promlet',
  'x-prometheus-remote-read-version': '0.1.0',
}
const BODY_BYTES_MAX = 512 * 1024 * 1024
const DECODED_BYTES_MAX = 2 ** 31 - 1
/** So much of an answer's text goes into an error. */
const ERROR_TEXT_MAX = 512
const EVERY_SERIES = [new Matcher(METRIC_NAME, '=~', '.*')]

/** Asks once for all selections of a call. Label names and values are those of the series, which are asked for without samples. */
export class ReadClient implements Queryable {
  readonly #options: ReadClientOptions

  constructor(options: ReadClientOptions) {
    this.#options = options
  }

  /** @throws `RemoteError` when the server cannot be reached, refuses, or answers with something else. */
  async select(selections: readonly Selection[], options: SelectOptions = {}): Promise<readonly (readonly SeriesColumns[])[]> {
    if (selections.length === 0) return []
    const results = await this.#ask(
      selections.map((selection) => ({ ...selection, func: '' })),
      options,
    )
    const found = results.map((series, index) => inLabelOrder(series.map((one) => within(one, selections[index] as Selection))))
    checkSize(found, options.samplesMax)
    return found.map((series) => series.filter(({ times }) => times.length > 0))
  }

  async labelNames(range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]> {
    const names = new Set<string>()
    for (const labels of await this.series(range, matcherSets, options)) for (const [name] of labels) names.add(name)
    return [...names].sort(compareText)
  }

  async labelValues(name: string, range: TimeRange, matcherSets: MatcherSets, options?: SelectOptions): Promise<readonly string[]> {
    const series = await this.series(range, matcherSets, options)
    const values = new Set(series.filter((labels) => labels.has(name)).map((labels) => labels.get(name)))
    return [...values].sort(compareText)
  }

  async series({ from, to }: TimeRange, matcherSets: MatcherSets, options: SelectOptions = {}): Promise<readonly Labels[]> {
    const sets = matcherSets.length === 0 ? [EVERY_SERIES] : matcherSets
    const results = await this.#ask(
      sets.map((matchers) => ({ from, to, matchers, func: 'series' })),
      options,
    )
    const byKey = new Map(results.flat().map(({ labels }) => [labels.key, labels]))
    return [...byKey.values()].sort(Labels.compare)
  }

  async #ask(queries: readonly ReadQuery[], { signal }: SelectOptions): Promise<readonly (readonly SeriesColumns[])[]> {
    signal?.throwIfAborted()
    const { config, client, clock, metrics } = this.#options
    const start = clock.monotonic()
    metrics?.started()
    let status = 0
    try {
      const answer = await send(client, {
        method: 'POST',
        url: config.url,
        headers: HEADERS,
        body: encodeSnappy(writeReadRequest(queries)),
        timeoutMs: config.remoteTimeoutMs,
        bodyBytesMax: BODY_BYTES_MAX,
        ...(signal !== undefined && { signal }),
      })
      status = answer.status
      const results = readAnswer(answer, config.url)
      if (results.length === queries.length) return results
      throw new RemoteError('corrupt', `responses: want ${queries.length}, got ${results.length}`)
    } finally {
      metrics?.ended(status, clock.monotonic() - start)
    }
  }
}

async function send(client: HttpClient, request: HttpRequest): Promise<HttpResponse> {
  try {
    return await client.request(request)
  } catch (error) {
    request.signal?.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    throw new RemoteError('unreachable', `error sending request: ${reason}`, { cause: error })
  }
}

function readAnswer({ status, headers, body }: HttpResponse, url: string): readonly (readonly SeriesColumns[])[] {
  if (status < 200 || status > 299) {
    const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, ERROR_TEXT_MAX)).toString('utf8').trim()
    throw new RemoteError('rejected', `remote server ${url} returned HTTP status ${status} ${STATUS_CODES[status] ?? ''}: ${text}`)
  }
  const type = headers['content-type'] ?? ''
  if (!/^application\/x-protobuf\b/.test(type)) throw new RemoteError('corrupt', `unsupported content type: ${type}`)
  return parseReadResponse(decodeSnappy(body, DECODED_BYTES_MAX))
}

/** Some servers answer with whole chunks. */
function within(series: SeriesColumns, { from, to }: TimeRange): SeriesColumns {
  const { times, values, histograms } = series
  if (times.length === 0 || ((times[0] as number) >= from && (times.at(-1) as number) <= to)) return series
  const start = times.findIndex((at) => at >= from)
  const first = start === -1 ? times.length : start
  const last = times.findLastIndex((at) => at <= to) + 1
  return {
    labels: series.labels,
    times: times.subarray(first, last),
    values: values.subarray(first, last),
    ...(histograms !== undefined && { histograms: histograms.slice(first, last) }),
  }
}

function inLabelOrder(series: readonly SeriesColumns[]): readonly SeriesColumns[] {
  return series.toSorted((left, right) => Labels.compare(left.labels, right.labels))
}

/** Prometheus: promql/engine.go ErrTooManySamples. */
function checkSize(found: readonly (readonly SeriesColumns[])[], samplesMax = Infinity): void {
  let samples = 0
  for (const series of found) for (const { times } of series) samples += times.length
  if (samples > samplesMax) {
    throw new QueryError('execution', 'query processing would load too many samples into memory in query execution')
  }
}
