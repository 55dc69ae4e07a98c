import { type HttpClientFactory, HttpError, type HttpRequest, type HttpResponse } from '@promlet/http'

/** What a fake target answers with: the text of its `/metrics`, or a whole answer. */
export type FakeAnswer = string | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }

/** A server that exists only in the test: a fixed answer, or a function of the request. */
export type FakeTarget = FakeAnswer | ((request: HttpRequest) => FakeAnswer | Promise<FakeAnswer>)

/** An alert as an Alertmanager gets it. Times are RFC 3339. */
export interface Notification {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
}

/** Servers by `host:port`, reached without sockets; every Alertmanager that alerts are sent to is there too. */
export class FakeNetwork {
  /** What Alertmanagers got, in order. */
  readonly notifications: Notification[] = []
  readonly #targets: Map<string, FakeTarget>

  constructor(targets: Readonly<Record<string, FakeTarget>>) {
    this.#targets = new Map(Object.entries(targets))
  }

  /** Adds or replaces a server. */
  set(address: string, target: FakeTarget): void {
    this.#targets.set(address, target)
  }

  /** Takes a server away: connections to it are refused. */
  remove(address: string): void {
    this.#targets.delete(address)
  }

  /** For the components of the stack. */
  readonly clients: HttpClientFactory = () => ({ request: (request) => this.#answer(request), close: async () => {} })

  async #answer(request: HttpRequest): Promise<HttpResponse> {
    request.signal?.throwIfAborted()
    const { host, pathname } = new URL(request.url)
    const target = this.#targets.get(host)
    if (target === undefined && request.method === 'POST' && pathname.endsWith('/api/v2/alerts')) {
      this.notifications.push(...JSON.parse(new TextDecoder().decode(request.body)))
      return toResponse({ status: 200 })
    }
    if (target === undefined)
      throw new HttpError(
        'connect',
        `${request.method === 'GET' ? 'Get' : 'Post'} "${request.url}": dial tcp ${host}: connect: connection refused`,
      )
    return toResponse(typeof target === 'function' ? await target(request) : target)
  }
}

function toResponse(answer: FakeAnswer): HttpResponse {
  const { status, body = '', headers = {} } = typeof answer === 'string' ? { status: 200, body: answer } : answer
  return { status, headers: { 'content-type': 'text/plain; version=0.0.4', ...headers }, body: new TextEncoder().encode(body) }
}
