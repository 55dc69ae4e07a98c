import type { Clock, DurationMs } from '@promlet/model'
import { BodyBuffers } from './body-buffers.ts'
import { HttpError } from './client.ts'
import type { Destination } from './destination.ts'
import type { Answer, ExchangeLimits } from './exchange.ts'
import { PlainConnection } from './plain-connection.ts'

/** Prometheus: config.NewRoundTripperFromConfig, IdleConnTimeout and the dialer's timeout. */
export const KEEP_ALIVE_MS: DurationMs = 300_000
export const CONNECT_TIMEOUT_MS: DurationMs = 30_000

/** A character that would end a header, or that no header may have. */
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/
const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/

/** The connections of a client that carry GET requests in plain HTTP. */
export class PlainConnections {
  readonly buffers = new BodyBuffers()
  readonly #clock: Clock
  /** Those that carry no request now, by host and port; the one that was free last comes first. */
  readonly #free = new Map<string, PlainConnection[]>()
  readonly #all = new Set<PlainConnection>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Sends what `plainRequest` made for the URL; `isAgain`: not over a connection that was used before. Rejects with what the
   * socket said when no answer comes.
   */
  get({ url, host }: Destination, request: string, limits: ExchangeLimits, isAgain: boolean): Promise<Answer> {
    const connection = (isAgain ? undefined : this.#takeFree(host)) ?? this.#open(url, host)
    return connection.exchange(request, limits)
  }

  #takeFree(host: string): PlainConnection | undefined {
    const connection = this.#free.get(host)?.pop()
    if (connection === undefined || connection.freeSince >= this.#clock.monotonic() - KEEP_ALIVE_MS) return connection
    connection.destroy()
    return undefined
  }

  #open(url: URL, host: string): PlainConnection {
    this.#closeIdle()
    const connectTimer = this.#clock.setTimer(CONNECT_TIMEOUT_MS, () => connection.giveUp())
    const connection: PlainConnection = new PlainConnection({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 80),
      buffers: this.buffers,
      onConnect: () => connectTimer[Symbol.dispose](),
      onFree: () => this.#putFree(host, connection),
      onClose: () => {
        connectTimer[Symbol.dispose]()
        this.#forget(host, connection)
      },
    })
    this.#all.add(connection)
    return connection
  }

  #putFree(host: string, connection: PlainConnection): void {
    connection.freeSince = this.#clock.monotonic()
    const free = this.#free.get(host)
    if (free === undefined) this.#free.set(host, [connection])
    else free.push(connection)
  }

  #forget(host: string, connection: PlainConnection): void {
    if (!this.#all.delete(connection)) return
    const free = this.#free.get(host)
    const index = free?.indexOf(connection) ?? -1
    if (index >= 0) free?.splice(index, 1)
    if (free?.length === 0) this.#free.delete(host)
  }

  /** Hosts come and go; what was idle for long is closed when another host is asked for the first time. */
  #closeIdle(): void {
    const oldest = this.#clock.monotonic() - KEEP_ALIVE_MS
    for (const free of this.#free.values()) for (const connection of [...free]) if (connection.freeSince < oldest) connection.destroy()
  }

  /** Breaks all connections. */
  destroy(): void {
    for (const connection of [...this.#all]) connection.destroy()
  }
}

/** A GET in plain HTTP, up to its empty line. @throws HttpError `protocol` when a header cannot be sent. */
export function plainRequest(url: URL, headers: Readonly<Record<string, string>>): string {
  let text = `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${headers['host'] ?? url.host}\r\nconnection: keep-alive\r\n`
  for (const name in headers) {
    const value = headers[name] as string
    if (name === 'host') continue
    if (!NAME.test(name)) throw new HttpError('protocol', `net/http: invalid header field name ${JSON.stringify(name)}`)
    if (FORBIDDEN.test(value)) throw new HttpError('protocol', `net/http: invalid header field value for ${JSON.stringify(name)}`)
    text += `${name}: ${value}\r\n`
  }
  return `${text}\r\n`
}
