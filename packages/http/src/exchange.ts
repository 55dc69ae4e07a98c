// One request and its answer. Bodies are read whole anyway, so the chunks are taken as they come, without the stream that
// undici puts around them: for a scrape that is half of the work and of the garbage.

import type { Dispatcher } from 'undici'
import { BODY_TOO_LARGE, isPacked, PACKED_SLACK_BYTES, UNWANTED_BYTES_MAX } from './body.ts'
import { HttpError } from './client.ts'
import type { Stop } from './stop.ts'

/** An answer whose headers have come. */
export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** As it was sent; rejects when it is longer than it may be, or broken off. It need not be awaited. */
  readonly body: Promise<Uint8Array>
  /** Instead of asking for the body: resolves when it has passed, or was broken off for its length. */
  discard(): Promise<void>
}

export interface ExchangeLimits {
  /** Its reason is what the answer, or its body, rejects with. */
  readonly stop: Stop
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
  readonly #stop: Stop
  #bytesMax: number
  #controller: Dispatcher.DispatchController | undefined
  readonly #chunks: Uint8Array[] = []
  #length = 0

  constructor({ stop, bytesMax }: ExchangeLimits) {
    this.#stop = stop
    this.#bytesMax = bytesMax
    this.#controller = undefined
    this.#body.promise.catch(() => {})
    stop.watch((reason) => {
      this.#controller?.abort(reason)
      // Before the connection stands there is nothing to break off.
      this.#fail(reason)
    })
  }

  get answer(): Promise<Answer> {
    return this.#answer.promise
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#stop.reason !== undefined) controller.abort(this.#stop.reason)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, received: Headers): void {
    if (status < 200) return
    const headers = flatHeaders(received)
    if (this.#bytesMax > 0 && isPacked(headers)) this.#bytesMax += PACKED_SLACK_BYTES
    this.#answer.resolve({ status, headers, body: this.#body.promise, discard: () => this.#discard() })
  }

  async #discard(): Promise<void> {
    this.#bytesMax = UNWANTED_BYTES_MAX
    await this.#body.promise.catch(() => {})
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#length += chunk.length
    this.#chunks.push(chunk)
    if (this.#bytesMax > 0 && this.#length > this.#bytesMax) controller.abort(new HttpError('body-too-large', BODY_TOO_LARGE))
  }

  onResponseEnd(): void {
    const chunks = this.#chunks
    this.#body.resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, this.#length))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error)
  }

  #fail(error: unknown): void {
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
