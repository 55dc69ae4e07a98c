import type { HttpClientConfig } from '@promlet/config'
import type { Clock } from '@promlet/model'
import type { Dispatcher } from 'undici'
import { isPacked, releaseUnpacked, unpackGzip } from './body.ts'
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
import { type Answer, type ExchangeLimits, exchange } from './exchange.ts'
import { describeFailure, isIdleClose, requestError } from './failure.ts'
import { Stop } from './stop.ts'
import { UrlMemory } from './url-memory.ts'

/** Go's http.Client follows as many. */
const REDIRECTS_MAX = 10

/**
 * Makes the factory of clients that use sockets. Each client keeps its connections open between requests; TLS and
 * credential files are read anew for each request. The texts of its errors are those that Go's client has.
 */
export function createHttpClientFactory({ clock }: HttpClientOptions): HttpClientFactory {
  return (config) => openClient(config, clock)
}

function openClient(config: HttpClientConfig, clock: Clock): HttpClient {
  const connections = openConnections(config)
  const urls = new UrlMemory()
  const running = new Set<Stop>()
  let closing: Promise<void> | undefined
  return {
    async request(request) {
      if (closing !== undefined) throw requestError(request.method, request.url, { code: 'aborted', text: 'client is closed' })
      const stop = new Stop()
      const abort = () => stop.stop(new HttpError('aborted', 'context canceled'))
      const timer = clock.setTimer(request.timeoutMs, () => stop.stop(new HttpError('timeout', 'context deadline exceeded')))
      request.signal?.addEventListener('abort', abort, { once: true })
      if (request.signal?.aborted) abort()
      running.add(stop)
      try {
        const url = urls.parse(request.method, request.url)
        return await follow({ ...request, url }, config, connections, stop)
      } finally {
        running.delete(stop)
        timer[Symbol.dispose]()
        request.signal?.removeEventListener('abort', abort)
      }
    },
    close() {
      for (const stop of running) stop.stop(new HttpError('aborted', 'client is closed'))
      closing ??= connections.destroy()
      return closing
    },
  }
}

type ParsedRequest = Omit<HttpRequest, 'url'> & { readonly url: URL }

/** What one hop sends. */
interface Hop {
  readonly method: HttpRequest['method']
  readonly url: URL
  readonly body: Uint8Array | undefined
}

async function follow(request: ParsedRequest, config: HttpClientConfig, connections: Connections, stop: Stop): Promise<HttpResponse> {
  const asked = request.url
  const limits = { stop, bytesMax: request.bodyBytesMax }
  let hop: Hop = { method: request.method, url: asked, body: request.body }
  for (let redirects = 0; ; redirects++) {
    const { method, url } = hop
    let answer: Answer
    let next: Hop | undefined
    try {
      const credentials = mayShareCredentials(asked, url) ? await credentialHeaders(config, url) : {}
      answer = await sendOnce(await connections.dispatcher(), hop, requestHeaders(request, hop, credentials), limits)
      next = config.followRedirects ? nextHop(hop, answer) : undefined
      if (next !== undefined) {
        await answer.discard()
        if (stop.reason !== undefined) throw stop.reason
      }
    } catch (error) {
      throw asHttpError(stop.reason ?? error, hop)
    }
    if (next === undefined) return await readAnswer(answer, limits)
    if (redirects >= REDIRECTS_MAX) throw requestError(method, url, { code: 'protocol', text: `stopped after ${REDIRECTS_MAX} redirects` })
    hop = next
  }
}

function requestHeaders(request: ParsedRequest, hop: Hop, credentials: Record<string, string>): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'gzip', 'user-agent': 'Promlet' }
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value
  // A redirect that turned a POST into a GET has no body to describe.
  if (hop.body === undefined) for (const name of ['content-type', 'content-encoding', 'content-length']) delete headers[name]
  return { ...headers, ...credentials }
}

/** A server may close an idle connection while a request is on its way; a GET is then sent once more, as Go does. */
async function sendOnce(dispatcher: Dispatcher, hop: Hop, headers: Record<string, string>, limits: ExchangeLimits): Promise<Answer> {
  const { origin, pathname, search } = hop.url
  const request = { origin, path: `${pathname}${search}`, method: hop.method, headers, body: hop.body ?? null }
  try {
    return await exchange(dispatcher, request, limits)
  } catch (error) {
    if (hop.method !== 'GET' || !isIdleClose(error)) throw error
    return await exchange(dispatcher, request, limits)
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

function nextHop({ method, url, body }: Hop, { status, headers }: Answer): Hop | undefined {
  const location = headers['location']
  if (!REDIRECTS.has(status) || location === undefined) return undefined
  const next = URL.parse(location, url)
  if (next === null) throw new HttpError('protocol', `failed to parse Location header ${JSON.stringify(location)}`)
  if (next.protocol !== 'http:' && next.protocol !== 'https:') {
    throw new HttpError('protocol', `unsupported protocol scheme "${next.protocol.slice(0, -1)}"`)
  }
  const keepsMethod = status === 307 || status === 308 || method === 'GET'
  return keepsMethod ? { method, url: next, body } : { method: 'GET', url: next, body: undefined }
}

/** Go names neither method nor URL in the errors that happen after the headers came. */
async function readAnswer({ status, headers, body: sent }: Answer, { stop, bytesMax }: ExchangeLimits): Promise<HttpResponse> {
  try {
    const body = await sent
    if (body.length === 0 || !isPacked(headers)) return { status, headers, body }
    const unpacked = await unpackGzip(body, bytesMax)
    return { status, headers, body: unpacked, release: () => releaseUnpacked(unpacked) }
  } catch (error) {
    if (stop.reason !== undefined) throw stop.reason
    throw error instanceof HttpError ? error : new HttpError('protocol', 'unexpected EOF', { cause: error })
  }
}

function asHttpError(error: unknown, { method, url }: Hop): HttpError {
  if (error instanceof HttpError) return requestError(method, url, { code: error.code, text: error.message }, error.cause)
  // The text says all that the cause does.
  return requestError(method, url, describeFailure(error, url))
}
