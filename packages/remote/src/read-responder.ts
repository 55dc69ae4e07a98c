// The answering end of remote read. Prometheus: storage/remote/read_handler.go. Answers come as samples, which every
// client takes; streamed chunks are not offered.

import { type Clock, type Labels, type Matcher, type Queryable, QueryError, systemClock } from '@promlet/model'
import { Gauge, type Registry, sharedMetric } from '@promlet/telemetry'
import { RemoteError } from './error.ts'
import { parseReadRequest, type ReadQuery, type ReadRequest } from './read-request.ts'
import { ReadResponse, type ReadSeries } from './read-response.ts'
import { decodeSnappy, snappyPieces } from './snappy.ts'

export interface ReadResponderOptions {
  readonly queryable: Queryable
  /** Said with every series that does not have them; a matcher for one of them is fulfilled by all. Asked for at each request. */
  readonly externalLabels: () => Labels
  readonly registry: Registry
  /** A request for more samples is refused; 0 is no limit. Fifty million by default. */
  readonly samplesMax?: number
  /** The machine's clock when absent. */
  readonly clock?: Clock
}

/** Bytes, a piece at a time, each holding until the next is asked for; or why there are none. */
export type ReadAnswer =
  | { readonly status: 200; readonly headers: Readonly<Record<string, string>>; readonly pieces: Iterator<Uint8Array, void> }
  | { readonly status: 400 | 500; readonly text: string }

/** Answers a request. It never rejects. */
export type ReadResponder = (body: Uint8Array, signal?: AbortSignal) => Promise<ReadAnswer>

/** A request names a few selectors; Prometheus has no bound but that of bodies. */
const REQUEST_BYTES_MAX = 1024 * 1024
const SAMPLES_MAX = 50_000_000
const HEADERS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }
/** So long the thread is held before others get a turn. */
const TURN_MS = 10

/** Makes the handler of `POST /api/v1/read`. */
export function createReadResponder(options: ReadResponderOptions): ReadResponder {
  const running = createGauge(options.registry)
  return async (body, signal) => {
    running.inc()
    try {
      const request = parseReadRequest(decodeSnappy(body, REQUEST_BYTES_MAX))
      checkAccepted(request)
      const response = await find(request.queries, options, signal)
      return { status: 200, headers: HEADERS, pieces: snappyPieces(response.length, response.pieces()) }
    } catch (error) {
      const isTheirs = error instanceof RemoteError || error instanceof QueryError
      return { status: isTheirs ? 400 : 500, text: `${error instanceof Error ? error.message : String(error)}\n` }
    } finally {
      running.dec()
    }
  }
}

function checkAccepted({ accepted }: ReadRequest): void {
  if (accepted.length === 0 || accepted.includes('SAMPLES')) return
  const asked = accepted.join(' ')
  throw new RemoteError('corrupt', `server does not support any of the requested response types: [${asked}]; supported: [SAMPLES]`)
}

async function find(queries: readonly ReadQuery[], options: ReadResponderOptions, signal?: AbortSignal): Promise<ReadResponse> {
  const { samplesMax = SAMPLES_MAX } = options
  const external = [...options.externalLabels()]
  const response = new ReadResponse()
  const turn = new Turn(options.clock ?? systemClock)
  let left = samplesMax === 0 ? Infinity : samplesMax
  for (const query of queries) {
    response.beginResult()
    for (const { labels, columns } of await findSeries(query, options, left, signal)) {
      left -= columns?.times.length ?? 0
      const own = labels.withAll(external.filter(([name]) => !labels.has(name)))
      response.addSeries({ labels: own, ...(columns !== undefined && { columns }) })
      await turn.end()
      signal?.throwIfAborted()
    }
  }
  return response
}

async function findSeries(
  { from, to, matchers, func }: ReadQuery,
  { queryable, externalLabels, samplesMax }: ReadResponderOptions,
  left: number,
  signal: AbortSignal | undefined,
): Promise<readonly ReadSeries[]> {
  const own = withoutExternal(matchers, externalLabels())
  const options = signal === undefined ? {} : { signal }
  if (func === 'series') return (await queryable.series({ from, to }, [own], options)).map((labels) => ({ labels }))
  try {
    const [found = []] = await queryable.select([{ from, to, matchers: own }], { ...options, samplesMax: left, passing: true })
    return found.map((columns) => ({ labels: columns.labels, columns }))
  } catch (error) {
    if (!(error instanceof QueryError) || error.code !== 'execution') throw error
    throw new QueryError('execution', `exceeded sample limit (${samplesMax ?? SAMPLES_MAX})`, { cause: error })
  }
}

/** All series of this server have its external labels, although they are not stored with them. */
function withoutExternal(matchers: readonly Matcher[], external: Labels): readonly Matcher[] {
  return matchers.filter(({ name, operator, value }) => !(operator === '=' && external.has(name) && external.get(name) === value))
}

/** Lets others have the thread now and then. */
class Turn {
  readonly #clock: Clock
  #start: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#start = clock.monotonic()
  }

  async end(): Promise<void> {
    if (this.#clock.monotonic() - this.#start < TURN_MS) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#start = this.#clock.monotonic()
  }
}

function createGauge(registry: Registry): Gauge {
  const name = 'prometheus_api_remote_read_queries'
  const help = 'The current number of remote read queries that are executed or wait.'
  return sharedMetric(registry, name, () => new Gauge({ name, help, registers: [registry] }))
}
