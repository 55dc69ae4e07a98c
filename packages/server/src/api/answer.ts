// Every answer of the API has Prometheus's envelope: status, data, errorType and error, warnings, infos. What
// Promlet adds (where a query is wrong, what could stand there) are further fields, which clients pass over.

import { type FastifyReply, type FastifyRequest, sendPieces } from '@promlet/http'
import { QueryError } from '@promlet/model'
import { problemPlace } from '@promlet/promql/syntax'
import type { Logger } from '@promlet/telemetry'

export type ErrorType = 'bad_data' | 'execution' | 'canceled' | 'timeout' | 'internal' | 'unavailable' | 'not_found'

const STATUS: Readonly<Record<ErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  // The client is gone and will not read it; nginx's code for that, which Prometheus uses too.
  canceled: 499,
  timeout: 503,
  internal: 500,
  unavailable: 500,
  not_found: 404,
}

/** Of each kind; the rest is counted. Prometheus: web/api/v1 respond, util/annotations AsStrings. */
const NOTICES_MAX = 10

const JSON_TYPE = 'application/json'

/** What went wrong with one request, as the API says it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorType
  /** The query whose text is at fault. */
  readonly query: string | undefined
  constructor(code: ErrorType, message: string, options: ErrorOptions & { readonly query?: string } = {}) {
    super(message, options)
    this.code = code
    this.query = options.query
  }
}

/** What a handler gives: the JSON of `data` as text or as UTF-8, whole or in pieces, and what the engine had to say about it. */
export interface Result {
  /** Absent: there is nothing to say, and the answer is 204. */
  readonly data?: string | Uint8Array | Iterable<Uint8Array>
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<Result> | Result

/** Wraps a handler: its result or its error becomes the answer. What nobody expected is logged. */
export function answer(handler: Handler, logger: Logger): (request: FastifyRequest, reply: FastifyReply) => void {
  // Not a promise of the reply: Fastify would wait for the socket, with listeners of its own.
  return (request, reply) => void respond(handler, logger, request, reply)
}

async function respond(handler: Handler, logger: Logger, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  try {
    const given = handler(request, reply)
    const result = given instanceof Promise ? await given : given
    if (result.data === undefined) reply.status(204).send()
    else sendSuccess(reply.status(200), result.data, result)
  } catch (error) {
    const code = errorType(error)
    if (code === 'internal') logger.error({ err: error, url: request.url }, 'API request failed')
    sendJson(reply.status(STATUS[code]), Buffer.from(failureText(code, error)))
  }
}

/** Bytes, as Fastify adds a charset to the type of texts, which Prometheus does not have. */
export function sendJson(reply: FastifyReply, body: Buffer): FastifyReply {
  return reply.type(JSON_TYPE).send(body)
}

function sendSuccess(reply: FastifyReply, data: string | Uint8Array | Iterable<Uint8Array>, { warnings = [], infos = [] }: Result): void {
  const head = '{"status":"success","data":'
  const tail = `${notices('warnings', 'warning', warnings)}${notices('infos', 'info', infos)}}`
  if (typeof data === 'string') sendJson(reply, Buffer.from(head + data + tail))
  else sendPieces(reply.type(JSON_TYPE), enclosed(head, data instanceof Uint8Array ? [data] : data, tail))
}

function* enclosed(head: string, pieces: Iterable<Uint8Array>, tail: string): Generator<Uint8Array, void> {
  yield Buffer.from(head)
  yield* pieces
  yield Buffer.from(tail)
}

function notices(field: string, kind: string, texts: readonly string[]): string {
  if (texts.length === 0) return ''
  const rest = texts.length - NOTICES_MAX
  const shown = rest > 0 ? [...texts.slice(0, NOTICES_MAX), `${rest} more ${kind} annotations omitted`] : texts
  return `,"${field}":${JSON.stringify(shown)}`
}

function errorType(error: unknown): ErrorType {
  return error instanceof ApiError || error instanceof QueryError ? error.code : 'internal'
}

function failureText(code: ErrorType, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const fault = [error, error instanceof Error ? error.cause : undefined].find((cause) => cause instanceof QueryError)
  const query = error instanceof ApiError ? error.query : undefined
  if (fault?.position === undefined) return JSON.stringify({ status: 'error', errorType: code, error: message, hint: fault?.hint })
  // Promlet's own: what is needed to show the mistake, without counting characters.
  const position = { ...fault.position, ...(query === undefined ? {} : problemPlace(query, fault)) }
  return JSON.stringify({ status: 'error', errorType: code, error: message, position, hint: fault.hint })
}

/** Aborted when the client goes away before it has its answer. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new QueryError('canceled', 'query was canceled in expression evaluation'))
  })
  return controller.signal
}
