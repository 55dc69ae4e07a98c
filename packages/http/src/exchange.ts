// One request and its answer. Bodies are read whole anyway, so the chunks are taken as they come, without the stream that
// undici puts around them: for a scrape that is half of the work and of the garbage.

import type { Dispatcher } from 'undici'
import { BODY_TOO_LARGE, isPacked } from './body.ts'
import { HttpError } from './client.ts'

/** A packed body may be a little longer than what is in it; so much more is read before it is called too long. */
const PACKED_SLACK_BYTES = 1024

/** An answer whose headers have come. */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** As it was sent; rejects when it is longer than it may be, or broken off. It need not be awaited. */
  readonly body: Promise<Uint8Array>
}

export interface ExchangeLimits {
  /** Its reason is what the answer, or its body, rejects with. */
  readonly signal: AbortSignal
  /** 0: no limit. */
  readonly bytesMax: number
}

/** Sends a request; rejects with what undici or the socket said when no answer comes. */
export function exchange(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, limits: ExchangeLimits): Promise<Answer> {
  const handler = new AnswerHandler(limits)
  dispatcher.dispatch(request, handler)
  return handler.answer
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #answer = Promise.withResolvers<Answer>()
  readonly #body = Promise.withResolvers<Uint8Array>()
  readonly #signal: AbortSignal
  #bytesMax: number
  #controller: Dispatcher.DispatchController | undefined
  readonly #chunks: Uint8Array[] = []
  #length = 0

  constructor({ signal, bytesMax }: ExchangeLimits) {
    this.#signal = signal
    this.#bytesMax = bytesMax
    this.#controller = undefined
    this.#body.promise.catch(() => {})
    signal.addEventListener('abort', this.#abort, { once: true })
  }

  get answer(): Promise<Answer> {
    return this.#answer.promise
  }

  readonly #abort = (): void => {
    this.#controller?.abort(this.#signal.reason)
    // Before the connection stands there is nothing to break off.
    this.#fail(this.#signal.reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#signal.aborted) controller.abort(this.#signal.reason)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, received: Headers): void {
    if (status < 200) return
    const headers = flatHeaders(received)
    if (this.#bytesMax > 0 && isPacked(headers)) this.#bytesMax += PACKED_SLACK_BYTES
    this.#answer.resolve({ status, headers, body: this.#body.promise })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length
    this.#chunks.push(chunk)
    if (this.#bytesMax > 0 && this.#length > this.#bytesMax) controller.abort(new HttpError('body-too-large', BODY_TOO_LARGE))
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#abort)
    const chunks = this.#chunks
    this.#body.resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, this.#length))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #fail(error: unknown): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#answer.reject(error)
    this.#body.reject(error)
  }
}

function flatHeaders(headers: Headers): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) flat[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ')
  }
  return flat
}
