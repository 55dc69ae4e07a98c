import type { HttpClientConfig } from '@promlet/config'
import type { Clock } from '@promlet/model'
import { isPacked, unpackGzip } from './body.ts'
import type { BodyBuffers } from './body-buffers.ts'
import {
  type HttpClient,
  type HttpClientFactory,
  type HttpClientOptions,
  HttpError,
  type HttpRequest,
  type HttpResponse,
} from './client.ts'
import { type Connections, openConnections } from './connections.ts'
import { credentialHeaders, mayShareCredentials } from './credentials.ts'
import { type Destination, Destinations, destinationOf } from './destination.ts'
import { type Answer, type ExchangeLimits, exchange } from './exchange.ts'
import { describeFailure, isIdleClose, requestError } from './failure.ts'
import { PlainConnections, plainRequest } from './plain-connections.ts'
import { Stop, StopsBySignal } from './stop.ts'

/** Go's http.Client follows as many. */
const REDIRECTS_MAX = 10

/**
 * Makes the factory of clients that use sockets. Each client keeps its connections open between requests; TLS and
 * credential files are read anew for each request. The texts of its errors are those that Go's client has.
 */
export function createHttpClientFactory({ clock }: HttpClientOptions): HttpClientFactory {
  return (config) => openClient(config, clock)
}

/** How a client reaches servers. */
interface Ways {
  /** For what is not plain HTTP, for what has a body, and through a proxy. */
  readonly connections: Connections
  readonly plain: PlainConnections
  /** The last plain GET that was made of the headers: who asks again and again brings the same ones. */
  readonly plainRequests: WeakMap<Headers, { readonly url: URL; readonly text: string }>
}

type Headers = Readonly<Record<string, string>>

function openClient(config: HttpClientConfig, clock: Clock): HttpClient {
  const ways: Ways = { connections: openConnections(config), plain: new PlainConnections(clock), plainRequests: new WeakMap() }
  const stops = new StopsBySignal()
  const destinations = new Destinations(config)
  const running = new Set<Stop>()
  let closing: Promise<void> | undefined
  return {
    async request(request) {
      if (closing !== undefined) throw requestError(request.method, request.url, { code: 'aborted', text: 'client is closed' })
      const stop = new Stop()
      const timer = clock.setTimer(request.timeoutMs, () => stop.stop(new HttpError('timeout', 'context deadline exceeded')))
      if (request.signal !== undefined) stops.add(request.signal, stop)
      running.add(stop)
      try {
        return await follow(request, destinations.of(request.method, request.url), config, ways, stop)
      } finally {
        running.delete(stop)
        timer[Symbol.dispose]()
        if (request.signal !== undefined) stops.delete(request.signal, stop)
      }
    },
    close() {
      for (const stop of running) stop.stop(new HttpError('aborted', 'client is closed'))
      ways.plain.destroy()
      closing ??= ways.connections.destroy()
      return closing
    },
  }
}

/** What one hop sends. */
interface Hop {
  readonly method: HttpRequest['method']
  readonly to: Destination
  readonly body: Uint8Array | undefined
}

async function follow(request: HttpRequest, asked: Destination, config: HttpClientConfig, ways: Ways, stop: Stop): Promise<HttpResponse> {
  const limits = { stop, bytesMax: request.bodyBytesMax }
  let hop: Hop = { method: request.method, to: asked, body: request.body }
  for (let redirects = 0; ; redirects++) {
    const { to } = hop
    let answer: Answer
    let next: Hop | undefined
    try {
      const mayTell = to.hasCredentials && (to === asked || mayShareCredentials(asked.url, to.url))
      const credentials = mayTell ? await credentialHeaders(config, to.url) : undefined
      if (stop.reason !== undefined) throw stop.reason
      answer = await send(hop, sender(request, hop, credentials, ways, limits))
      next = config.followRedirects ? nextHop(hop, answer, config) : undefined
      if (next !== undefined) {
        await answer.discard()
        if (stop.reason !== undefined) throw stop.reason
      }
    } catch (error) {
      throw asHttpError(stop.reason ?? error, hop)
    }
    if (next === undefined) return await readAnswer(answer, ways.plain.buffers, limits)
    if (redirects >= REDIRECTS_MAX)
      throw requestError(hop.method, to.url, { code: 'protocol', text: `stopped after ${REDIRECTS_MAX} redirects` })
    hop = next
  }
}

function requestHeaders(request: HttpRequest, hop: Hop, credentials: Headers | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'gzip', 'user-agent': 'Promlet' }
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value
  // A redirect that turned a POST into a GET has no body to describe.
  if (hop.body === undefined) for (const name of ['content-type', 'content-encoding', 'content-length']) delete headers[name]
  return { ...headers, ...credentials }
}

/** Sends a hop the way that suits it; `isAgain` after the first time. */
type Send = (isAgain: boolean) => Promise<Answer>

function sender(request: HttpRequest, hop: Hop, credentials: Headers | undefined, ways: Ways, limits: ExchangeLimits): Send {
  const { method, to, body } = hop
  if (method !== 'GET' || body !== undefined || !to.isPlain) {
    const headers = requestHeaders(request, hop, credentials)
    return () => sendElsewise(hop, headers, ways.connections, limits)
  }
  const text = plainText(request, hop, credentials, ways)
  return (isAgain) => ways.plain.get(to, text, limits, isAgain)
}

function plainText(request: HttpRequest, hop: Hop, credentials: Headers | undefined, { plainRequests }: Ways): string {
  const { url } = hop.to
  const { headers: key } = request
  const known = key === undefined || credentials !== undefined ? undefined : plainRequests.get(key)
  if (known?.url === url) return known.text
  const text = plainRequest(url, requestHeaders(request, hop, credentials))
  if (key !== undefined && credentials === undefined) plainRequests.set(key, { url, text })
  return text
}

/** A server may close an idle connection while a request is on its way; a GET is then sent once more, as Go does. */
async function send(hop: Hop, sendOnce: Send): Promise<Answer> {
  try {
    return await sendOnce(false)
  } catch (error) {
    if (hop.method !== 'GET' || !isIdleClose(error)) throw error
    return await sendOnce(true)
  }
}

async function sendElsewise(
  { to: { url }, method, body }: Hop,
  headers: Record<string, string>,
  connections: Connections,
  limits: ExchangeLimits,
): Promise<Answer> {
  const { origin, pathname, search } = url
  const request = { origin, path: `${pathname}${search}`, method, headers, body: body ?? null }
  return exchange(await connections.dispatcher(), request, limits)
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

function nextHop({ method, to, body }: Hop, { status, headers }: Answer, config: HttpClientConfig): Hop | undefined {
  const location = headers['location']
  if (!REDIRECTS.has(status) || location === undefined) return undefined
  const next = URL.parse(location, to.url)
  if (next === null) throw new HttpError('protocol', `failed to parse Location header ${JSON.stringify(location)}`)
  if (next.protocol !== 'http:' && next.protocol !== 'https:') {
    throw new HttpError('protocol', `unsupported protocol scheme "${next.protocol.slice(0, -1)}"`)
  }
  const keepsMethod = status === 307 || status === 308 || method === 'GET'
  const nextTo = destinationOf(next, config)
  return keepsMethod ? { method, to: nextTo, body } : { method: 'GET', to: nextTo, body: undefined }
}

/** Go names neither method nor URL in the errors that happen after the headers came. */
async function readAnswer(
  { status, headers, body: sent }: Answer,
  buffers: BodyBuffers,
  { stop, bytesMax }: ExchangeLimits,
): Promise<HttpResponse> {
  try {
    const received = await sent
    if (received.length === 0 || !isPacked(headers)) return { status, headers, body: received, release: () => buffers.give(received) }
    const unpacking = unpackGzip(received, bytesMax, buffers)
    const body = unpacking instanceof Promise ? await unpacking : unpacking
    buffers.give(received)
    return { status, headers, body, release: () => buffers.give(body) }
  } catch (error) {
    if (stop.reason !== undefined) throw stop.reason
    throw error instanceof HttpError ? error : new HttpError('protocol', 'unexpected EOF', { cause: error })
  }
}

function asHttpError(error: unknown, { method, to: { url } }: Hop): HttpError {
  if (error instanceof HttpError) return requestError(method, url, { code: error.code, text: error.message }, error.cause)
  // The text says all that the cause does.
  return requestError(method, url, describeFailure(error, url))
}
