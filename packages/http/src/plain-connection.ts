// A connection that carries one GET after the other in plain HTTP. The socket reads into one buffer that all connections
// share, and calls back without a stream in between: a request takes three fifths of what it takes through undici.

import { connect, type Socket } from 'node:net'
import { UNWANTED_BYTES_MAX } from './body.ts'
import type { BodyBuffers } from './body-buffers.ts'
import type { HttpError } from './client.ts'
import type { Answer, ExchangeLimits } from './exchange.ts'
import { PlainResponse } from './plain-response.ts'

/** Go's dialer asks an idle peer after as long whether it is still there. */
const PROBE_AFTER_MS = 30_000

/** Where bytes of any connection lie until the call that takes them returns. */
const received = Buffer.allocUnsafeSlow(64 * 1024)

/** The server closed the connection. `socket` tells how much had come over it before. */
class ConnectionClosed extends Error {
  readonly code = 'UND_ERR_SOCKET'
  readonly socket: Socket
  constructor(socket: Socket) {
    super('other side closed')
    this.socket = socket
  }
}

export interface PlainConnectionOptions {
  readonly host: string
  readonly port: number
  readonly buffers: BodyBuffers
  readonly onConnect: () => void
  /** It can carry the next request. */
  readonly onFree: () => void
  /** It will carry no more; may be said more than once. */
  readonly onClose: () => void
}

interface Exchange {
  readonly response: PlainResponse
  readonly answer: PromiseWithResolvers<Answer>
  readonly body: PromiseWithResolvers<Uint8Array>
  isAnswered: boolean
}

export class PlainConnection {
  /** When it was last put back, by the monotonic clock. */
  freeSince: number
  readonly #options: PlainConnectionOptions
  readonly #socket: Socket
  #exchange: Exchange | undefined

  constructor(options: PlainConnectionOptions) {
    const { host, port } = options
    this.freeSince = 0
    this.#options = options
    this.#exchange = undefined
    const onread = {
      buffer: received,
      callback: (length: number) => {
        this.#receive(length)
        return true
      },
    }
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_AFTER_MS, onread })
    socket.once('connect', options.onConnect)
    socket.on('error', (error) => this.#fail(error))
    socket.on('end', () => this.#end())
    socket.on('close', () => this.#end())
    // A request under way holds the process by its deadline; an idle connection shall not.
    socket.unref()
    this.#socket = socket
  }

  /** Sends a request; rejects with what the socket said when no answer comes. One at a time. */
  exchange(request: string, { stop, bytesMax }: ExchangeLimits): Promise<Answer> {
    const response = new PlainResponse(this.#options.buffers)
    response.bytesMax = bytesMax
    const exchange = { response, answer: Promise.withResolvers<Answer>(), body: Promise.withResolvers<Uint8Array>(), isAnswered: false }
    exchange.body.promise.catch(() => {})
    this.#exchange = exchange
    stop.watch((reason: HttpError) => {
      if (this.#exchange === exchange) this.#fail(reason)
    })
    if (this.#exchange === exchange) this.#socket.write(request, 'latin1')
    return exchange.answer.promise
  }

  #receive(length: number): void {
    const exchange = this.#exchange
    if (exchange === undefined) {
      // Nobody asked.
      this.destroy()
      return
    }
    try {
      exchange.response.take(received.subarray(0, length))
      this.#advance(exchange)
    } catch (error) {
      this.#tellHead(exchange)
      this.#fail(error)
    }
  }

  #advance(exchange: Exchange): void {
    const { response, body } = exchange
    this.#tellHead(exchange)
    if (!response.isDone) return
    this.#exchange = undefined
    body.resolve(response.body)
    if (response.isKept) this.#options.onFree()
    else this.destroy()
  }

  #tellHead(exchange: Exchange): void {
    const { response, answer, body } = exchange
    if (!response.hasHead || exchange.isAnswered) return
    exchange.isAnswered = true
    const { status, headers } = response
    answer.resolve({ status, headers, body: body.promise, discard: () => discard(exchange) })
  }

  #end(): void {
    const exchange = this.#exchange
    if (exchange?.response.end()) this.#advance(exchange)
    this.#fail(new ConnectionClosed(this.#socket))
  }

  #fail(error: unknown): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.answer.reject(error)
    exchange?.body.reject(error)
    this.destroy()
  }

  /** Connecting takes too long. */
  giveUp(): void {
    this.#fail(Object.assign(new Error('connect timeout'), { code: 'UND_ERR_CONNECT_TIMEOUT' }))
  }

  destroy(): void {
    this.#socket.destroy()
    this.#options.onClose()
  }
}

async function discard({ response, body }: Exchange): Promise<void> {
  response.bytesMax = UNWANTED_BYTES_MAX
  await body.promise.catch(() => {})
}
