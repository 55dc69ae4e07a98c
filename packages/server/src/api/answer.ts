// Every answer of the API has Prometheus's envelope: status, data, errorType and error, warnings, infos. What
// Promlet adds (where a query is wrong, what could stand there) are further fields, which clients pass over.

import type { FastifyReply, FastifyRequest } from '@promlet/http'
import { QueryError } from '@promlet/model'

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

/** What went wrong with one request, as the API says it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorType
  constructor(code: ErrorType, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What a handler gives: the JSON text of `data`, and what the engine had to say about it. */
export interface Result {
  readonly data: string
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<Result> | Result

/** Wraps a handler: its result or its error becomes the answer. */
export function answer(handler: Handler): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    try {
      const result = await handler(request, reply)
      return await reply.type('application/json').send(successText(result))
    } catch (error) {
      const { code, text } = failureText(error)
      if (code === 'internal') request.log.error({ err: error, url: request.url }, 'request failed')
      return await reply.status(STATUS[code]).type('application/json').send(text)
    }
  }
}

function successText({ data, warnings = [], infos = [] }: Result): string {
  let text = `{"status":"success","data":${data}`
  if (warnings.length > 0) text += `,"warnings":${JSON.stringify(warnings)}`
  if (infos.length > 0) text += `,"infos":${JSON.stringify(infos)}`
  return `${text}}`
}

function failureText(error: unknown): { readonly code: ErrorType; readonly text: string } {
  const code = error instanceof ApiError || error instanceof QueryError ? error.code : 'internal'
  const message = error instanceof Error ? error.message : String(error)
  const query = [error, error instanceof Error ? error.cause : undefined].find((cause) => cause instanceof QueryError)
  const where = query === undefined ? {} : { position: query.position, hint: query.hint }
  return { code, text: JSON.stringify({ status: 'error', errorType: code, error: message, ...where }) }
}

/** Aborted when the client goes away before it has its answer. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new QueryError('canceled', 'query was canceled in query execution'))
  })
  return controller.signal
}
