import type { HttpClientConfig } from '@promlet/config'
import type { Clock, DurationMs } from '@promlet/model'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  /** Not to be changed afterwards; the same object again, for the same URL, saves making the request's text. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** For the whole exchange, body included. */
  readonly timeoutMs: DurationMs
  readonly signal?: AbortSignal
  /** A longer body, after decompression, is a `body-too-large` error; 0: no limit. */
  readonly bodyBytesMax: number
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Decompressed when the server sent gzip. */
  readonly body: Uint8Array
  /** For a reader that is done with the body: its memory serves other bodies then. To be called once at most. */
  release?(): void
}

/** Sends requests to servers that are reached alike. The test kit has one that answers without sockets. */
export interface HttpClient {
  /** Any status is an answer. @throws `HttpError` when there was none. */
  request(request: HttpRequest): Promise<HttpResponse>
  close(): Promise<void>
}

/** Makes clients; components get this, so that a test kit can put its own in. */
export type HttpClientFactory = (config: HttpClientConfig) => HttpClient

export interface HttpClientOptions {
  readonly clock: Clock
}

/** No answer came. The message says what happened and to which host and port. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** `config`: a file that the client's configuration names cannot be read. */
  readonly code: 'timeout' | 'connect' | 'tls' | 'body-too-large' | 'aborted' | 'protocol' | 'config'
  constructor(code: HttpError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
