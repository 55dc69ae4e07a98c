// Has our scraper scrape a text and our sender send it, in virtual time, to a receiver that answers as the case asks
// for, and reads what came.

import { parsePrometheusConfig } from '@promlet/config'
import { type HttpClientFactory, HttpError, type HttpRequest } from '@promlet/http'
import { Labels } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { decodeSnappy, startRemoteWrite } from '@promlet/remote'
import { startScraper } from '@promlet/scraper'
import { createLogger, createRegistry } from '@promlet/telemetry'
import { type Double, decode, numberOf, unpack } from './write-message.ts'

export interface SentSeries {
  readonly labelNames: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly { readonly value: number; readonly bits: bigint; readonly at: number }[]
  readonly histograms: number
  readonly metadata: { readonly type: string; readonly help: string }
  readonly hasStartTime: boolean
}

export interface SentRequest {
  readonly at: number
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Empty for remote write 1.0. */
  readonly symbols: readonly string[]
  readonly series: readonly SentSeries[]
  /** References of series and exemplars that are not inside the table, and lists of odd length. */
  readonly badRefs: readonly string[]
}

export interface Captured {
  readonly requests: readonly SentRequest[]
  readonly log: string
  readonly now: number
  /** True when the sender still sends what it is given after the case. */
  readonly isAlive: boolean
}

export interface CaptureOptions {
  readonly name: string
  readonly group: string
  readonly scrape: string
}

const NOW = 1_700_000_000_000
const TARGET = 'target:8080'
const RECEIVER = 'http://receiver:9090/api/v1/write'

type Answer = { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }

/** What the receiver answers, by case; 204 where nothing is said. The number is that of the request, from 1. */
const answers: Readonly<Record<string, (request: HttpRequest, count: number, clock: VirtualClock) => Answer | Promise<Answer>>> = {
  ...Object.fromEntries([400, 401, 404, 413].map((status) => [`no_retry_on_${status}`, () => ({ status, body: 'no' })])),
  ...Object.fromEntries(
    [500, 502, 503, 504].map((status) => [
      `retry_on_${status}`,
      (_request: HttpRequest, count: number) => ({ status: count === 1 ? status : 204 }),
    ]),
  ),
  exponential_backoff_on_retries: () => ({ status: 503 }),
  backoff_required: () => ({ status: 503 }),
  backoff_max_delay: () => ({ status: 502 }),
  may_retry_on_429: (_request, count) => (count === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 204 }),
  handle_connection_refused: (_request, count) => unreachable(count, 'dial tcp: connect: connection refused'),
  handle_timeout: async (request, count, clock) => {
    if (count === 1) await clock.sleep(30_000, request.signal)
    return { status: 204 }
  },
  handle_partial_write: () => ({ status: 200, body: 'par' }),
  handle_malformed_response: () => ({ status: 200, body: '{"status": <html>\0' }),
  sender_continues_after_errors: (_request, count) => ({ status: count <= 5 ? 500 : 204 }),
  handle_invalid_status_code: (_request, count) => ({ status: count === 1 ? 999 : 204 }),
  handle_empty_response: () => ({ status: 200 }),
  handle_large_error_response: (_request, count) => ({ status: count === 1 ? 400 : 204, body: 'x'.repeat(1024 * 1024) }),
  dns_resolution_failure: (_request, count) => unreachable(count, 'dial tcp: lookup receiver: no such host'),
  invalid_url_scheme: (_request, count) => unreachable(count, 'unsupported protocol scheme "invalid"'),
  ignore_response_body_on_success: () => ({ status: 204, body: 'ignored' }),
  process_written_count_headers: () => ({ status: 204, headers: { 'x-prometheus-remote-write-samples-written': '3' } }),
  handle_partial_write_response: (_request, count) =>
    count === 1 ? { status: 400, body: 'partial', headers: { 'x-prometheus-remote-write-samples-written': '2' } } : { status: 204 },
  handle_missing_written_headers: (_request, count) => ({ status: count === 1 ? 400 : 204, body: 'nothing written' }),
  log_error_messages_verbatim: () => ({ status: 400, body: 'out of order: {__name__="up"}' }),
  handle_large_error_body: (_request, count) => ({ status: count === 1 ? 400 : 204, body: 'y'.repeat(100_000) }),
  handle_200_ok: () => ({ status: 200 }),
  ...Object.fromEntries(
    [
      'fallback_on_415_unsupported_media_type',
      'retry_with_different_version',
      'fallback_header_changes',
      'accept_success_after_fallback',
      'persistent_fallback_choice',
    ].map((name) => [name, (request: HttpRequest) => ({ status: request.headers?.['content-type']?.includes('v2') ? 415 : 204 })]),
  ),
}

function unreachable(count: number, message: string): Answer {
  if (count <= 3) throw new HttpError('connect', message)
  return { status: 204 }
}

/** Texts that the data only describes. */
const texts: Readonly<Record<string, () => string>> = {
  batch_size_reasonable: () => lines(12_000, (index) => `metric{label="${index}"} 1`),
  huge_label_values: () => `test_metric{huge="${'x'.repeat(10_000)}"} 42\n`,
  many_timeseries: () => lines(100, (index) => `metric_${index} ${index}`),
  high_cardinality: () => lines(50, (index) => `http_requests{path="/api/v1/endpoint_${index}",method="GET"} 1`),
  very_long_metric_name: () => `metric_${'very_long_name_'.repeat(50)} 1\n`,
  future_timestamp: () => `test_metric 42 ${NOW + 86_400_000}\n`,
  robustness_under_load: () => lines(200, (index) => `load_metric{index="${index}"} ${index}`),
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('')
}

export async function capture({ name, group, scrape }: CaptureOptions): Promise<Captured> {
  const clock = new VirtualClock(NOW)
  const requests: SentRequest[] = []
  const log: string[] = []
  const message = group === 'rw1_compat' ? 'prometheus.WriteRequest' : 'io.prometheus.write.v2.Request'
  const text = texts[name]?.() ?? scrape
  let scrapes = 0
  const httpClient: HttpClientFactory = () => ({
    async request(request) {
      if (new URL(request.url).host !== TARGET) return receive(request)
      scrapes++
      // A stale marker cannot be scraped: it is what a series that was there before becomes.
      const body = name === 'stale_marker' && scrapes === 1 ? 'test_metric 42\n' : text
      return { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4' }, body: Buffer.from(body) }
    },
    async close() {},
  })
  async function receive(request: HttpRequest) {
    requests.push(readRequest(request, clock.now()))
    const { status, body = '', headers = {} } = (await answers[name]?.(request, requests.length, clock)) ?? { status: 204 }
    return { status, headers, body: Buffer.from(body) }
  }
  const yaml = [
    'scrape_configs:',
    '  - job_name: sender',
    '    scrape_interval: 15s',
    '    static_configs:',
    `      - targets: [${JSON.stringify(TARGET)}]`,
    'remote_write:',
    `  - url: ${RECEIVER}`,
    `    protobuf_message: ${message}`,
  ]
  const config = parsePrometheusConfig(yaml.join('\n'), { file: 'prometheus.yml' })
  const logger = createLogger({ level: 'debug', format: 'logfmt', destination: { write: (line) => void log.push(line) } })
  const shared = { clock, logger, registry: createRegistry(), httpClient }
  const remote = await startRemoteWrite({ ...shared, config: config.remoteWrite, externalLabels: Labels.empty })
  const scraper = await startScraper({ ...shared, config: config.scrapeConfigs, appendable: remote, version: '0.0.0' })
  await clock.advance(60_000)
  const before = requests.length
  await clock.advance(60_000)
  const isAlive = requests.length > before
  const closed = Promise.all([scraper.close(), remote.close()])
  await clock.advance(30_000)
  await closed
  return { requests, log: log.join(''), now: clock.now(), isAlive }
}

function readRequest({ method, headers = {}, body = new Uint8Array(0) }: HttpRequest, at: number): SentRequest {
  const message = decodeSnappy(body, 2 ** 31)
  const isV2 = headers['content-type']?.includes('v2') ?? false
  return { at, method, headers, body: Buffer.from(body), ...(isV2 ? readV2(message) : readV1(message)) }
}

type Message = Pick<SentRequest, 'symbols' | 'series' | 'badRefs'>

function readV1(message: Uint8Array): Message {
  const series = (decode(message).get(1) ?? []).map((one): SentSeries => {
    const fields = decode(one as Buffer)
    const pairs = (fields.get(1) ?? []).map((label) => {
      const texts = decode(label as Buffer)
      return [String(texts.get(1)?.[0] ?? ''), String(texts.get(2)?.[0] ?? '')] as const
    })
    return seriesOf(pairs, fields.get(2), fields.get(4), { type: '', help: '' }, false)
  })
  return { symbols: [], series, badRefs: [] }
}

const METRIC_TYPES = ['UNSPECIFIED', 'COUNTER', 'GAUGE', 'HISTOGRAM', 'GAUGEHISTOGRAM', 'SUMMARY', 'INFO', 'STATESET']

function readV2(message: Uint8Array): Message {
  const request = decode(message)
  const symbols = (request.get(4) ?? []).map(String)
  const badRefs: string[] = []
  const textsOf = (packed: unknown): string[] => {
    const refs = packed === undefined ? [] : unpack(packed as Buffer)
    if (refs.length % 2 !== 0) badRefs.push(`${refs.length} references`)
    return refs.map((ref) => {
      const text = symbols[Number(ref)]
      if (text === undefined) badRefs.push(`reference ${ref} of ${symbols.length}`)
      return text ?? ''
    })
  }
  const series = (request.get(5) ?? []).map((one): SentSeries => {
    const fields = decode(one as Buffer)
    const texts = textsOf(fields.get(1)?.[0])
    const pairs = texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1] ?? ''] as const] : []))
    for (const exemplar of fields.get(4) ?? []) textsOf(decode(exemplar as Buffer).get(1)?.[0])
    const metadata = fields.get(5)?.[0]
    const described = metadata === undefined ? new Map() : decode(metadata as Buffer)
    const help = Number(described.get(3)?.[0] ?? 0n)
    if (help >= symbols.length) badRefs.push(`help reference ${help} of ${symbols.length}`)
    const type = METRIC_TYPES[Number(described.get(1)?.[0] ?? 0n)] ?? ''
    return seriesOf(pairs, fields.get(2), fields.get(3), { type, help: symbols[help] ?? '' }, fields.has(6))
  })
  return { symbols, series, badRefs }
}

function seriesOf(
  pairs: readonly (readonly [name: string, value: string])[],
  samples: readonly unknown[] = [],
  histograms: readonly unknown[] = [],
  metadata: SentSeries['metadata'],
  hasCreated: boolean,
): SentSeries {
  const points = samples.map((sample) => decode(sample as Buffer))
  return {
    labelNames: pairs.map(([name]) => name),
    labels: Object.fromEntries(pairs),
    samples: points.map((point) => {
      const value = (point.get(1)?.[0] ?? { bits: 0n }) as Double
      return { value: numberOf(value), bits: value.bits, at: Number(BigInt.asIntN(64, (point.get(2)?.[0] ?? 0n) as bigint)) }
    }),
    histograms: histograms.length,
    metadata,
    hasStartTime: hasCreated || points.some((point) => point.has(3)),
  }
}
