// The receiving end of remote write, 1.0 and 2.0. Prometheus: storage/remote/write_handler.go, whose texts and status
// codes it has. For both versions the good samples of a request are stored and 400 names the rest, as 2.0 asks for.

import { type Appendable, type Clock, type Refusals, systemClock } from '@promlet/model'
import { Counter, createFailureLog, type Logger, type Registry, sharedMetric } from '@promlet/telemetry'
import { RemoteError } from './error.ts'
import { Intake } from './intake.ts'
import { readV1 } from './read-v1.ts'
import { readV2 } from './read-v2.ts'
import { refusalLines, writeRefusals } from './refusals.ts'
import { SeriesCache } from './series-cache.ts'
import { decodeSnappy } from './snappy.ts'

export interface WriteRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

export interface WriteAnswer {
  readonly status: number
  /** Plain text; empty on success. */
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface WriteReceiverOptions {
  readonly appendable: Appendable
  readonly logger: Logger
  readonly registry: Registry
  /** The machine's clock when absent. */
  readonly clock?: Clock
  /** A request that unpacks to more is refused; 64 MiB by default. */
  readonly decodedBytesMax?: number
}

/** Stores the samples of a request; 204 when all are stored. It never rejects. */
export type WriteReceiver = (request: WriteRequest) => Promise<WriteAnswer>

const DECODED_BYTES_MAX = 64 * 1024 * 1024
/** For one request; then its sender is told to come again. */
const ATTEMPTS_MAX = 3

/** Makes the handler of `POST /api/v1/write`. */
export function createWriteReceiver(options: WriteReceiverOptions): WriteReceiver {
  const { appendable, logger, registry, clock = systemClock, decodedBytesMax = DECODED_BYTES_MAX } = options
  const cache = new SeriesCache()
  const metrics = createMetrics(registry)
  const appends = createFailureLog({ logger, clock, failed: 'Error appending remote write', worked: 'Remote write is stored again' })
  return async ({ headers, body }) => {
    const version = chooseVersion(header(headers, 'content-type'), header(headers, 'content-encoding'))
    if (typeof version !== 'number') return { status: 415, body: `${version.refusal}\n`, headers: {} }
    try {
      const message = decodeSnappy(body, decodedBytesMax)
      const read = version === 1 ? readV1 : readV2
      const taken = await take(appendable, cache, (intake) => read(message, intake))
      appends.worked()
      metrics.invalid.inc(taken.intake.invalidSamples)
      return answer(taken, version)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      if (error instanceof RemoteError) return { status: 400, body: `${text}\n`, headers: {} }
      appends.failed(error)
      return { status: 500, body: `${text}\n`, headers: {} }
    }
  }
}

function header(headers: WriteRequest['headers'], name: string): string {
  return [headers[name] ?? ''].flat().join(', ')
}

const MEDIA_TYPE = 'application/x-protobuf'
const MESSAGES: Readonly<Record<string, 1 | 2>> = { 'prometheus.WriteRequest': 1, 'io.prometheus.write.v2.Request': 2 }

/** Senders of old leave both headers out: then it is 1.0 in snappy. */
function chooseVersion(contentType: string, encoding: string): 1 | 2 | { readonly refusal: string } {
  const [mediaType = '', ...parameters] = contentType.trim().split(';')
  let version: 1 | 2 = 1
  if (contentType !== '' && mediaType.trim() !== MEDIA_TYPE) {
    return { refusal: `expected ${MEDIA_TYPE} as the first (media) part, got ${contentType} content-type` }
  }
  for (const parameter of parameters) {
    const [name = '', message, ...rest] = parameter.split('=')
    if (message === undefined || rest.length > 0) {
      const rule = 'as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values'
      return { refusal: `${rule}, got ${parameter} in ${contentType} content-type` }
    }
    if (name.trim() !== 'proto') continue
    const known = MESSAGES[message.trim()]
    if (known === undefined) {
      const supported = Object.keys(MESSAGES).join(', ')
      return {
        refusal: `got ${contentType} content type; unknown type for remote write protobuf message ${message}, supported: ${supported}`,
      }
    }
    version = known
    break
  }
  if (encoding === '' || encoding === 'snappy') return version
  return { refusal: `${encoding} encoding (compression) is not accepted by this server; only snappy is acceptable` }
}

interface Taken {
  readonly intake: Intake
  readonly refusals: Refusals
}

/** The store may have forgotten series since they were resolved. Then it has stored nothing, and all is read again. */
async function take(appendable: Appendable, cache: SeriesCache, read: (intake: Intake) => void): Promise<Taken> {
  for (let attempt = 1; ; attempt++) {
    const taken = await takeOnce(appendable, cache, read)
    const { retired } = taken.refusals
    if (retired.length === 0) return taken
    if (attempt === ATTEMPTS_MAX) throw new Error(`series leave the store while samples of them come in (${retired.length} did)`)
    cache.forget(retired)
  }
}

async function takeOnce(appendable: Appendable, cache: SeriesCache, read: (intake: Intake) => void): Promise<Taken> {
  await using appender = appendable.appender()
  const intake = new Intake(appender, cache)
  read(intake)
  return { intake, refusals: await appender.commit({ whole: true }) }
}

function answer({ intake, refusals }: Taken, version: 1 | 2): WriteAnswer {
  const refused = refusals.outOfOrder + refusals.duplicate + refusals.tooOld + refusals.tooFarInFuture + refusals.unknownSeries
  const samples = Math.max(0, intake.samples - refused)
  const histograms = intake.histograms - Math.max(0, refused - intake.samples)
  const headers = version === 1 ? {} : writtenHeaders(samples, histograms, intake.exemplars)
  if (refused === 0 && intake.problemCount === 0) return { status: 204, body: '', headers }
  const more = intake.problemCount - intake.problems.length
  const lines = [...refusalLines(refusals), ...intake.problems, ...(more > 0 ? [`and ${more} more`] : [])]
  return { status: 400, body: `${lines.join('\n')}\n`, headers: { ...headers, ...writeRefusals(refusals, intake.problemCount) } }
}

function writtenHeaders(samples: number, histograms: number, exemplars: number): Record<string, string> {
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': String(exemplars),
  }
}

function createMetrics(registry: Registry): { readonly invalid: Counter } {
  const name = 'prometheus_api_remote_write_invalid_labels_samples_total'
  const help = 'The total number of received remote write samples and histogram samples which were rejected due to invalid labels.'
  return { invalid: sharedMetric(registry, name, () => new Counter({ name, help, registers: [registry] })) }
}
