import type { HttpClientConfig } from '@promlet/config'
import { hasCredentials } from './credentials.ts'
import { requestError } from './failure.ts'

/** More URLs than this are not kept. */
const URLS_MAX = 10_000

/** Where a request goes, and what the client's configuration makes of it. */
export interface Destination {
  readonly url: URL
  /** Name and port, as the URL has them. Here since the getters of a URL put their texts together each time. */
  readonly host: string
  /** Reached in plain HTTP without a proxy. */
  readonly isPlain: boolean
  /** False when nothing is to be said of who asks. */
  readonly hasCredentials: boolean
}

export function destinationOf(url: URL, config: HttpClientConfig): Destination {
  const isPlain = url.protocol === 'http:' && (config.proxyUrl ?? '') === ''
  return { url, host: url.host, isPlain, hasCredentials: hasCredentials(config, url) }
}

/** Parses URLs; a client is mostly asked for those that it was asked for before. */
export class Destinations {
  readonly #config: HttpClientConfig
  readonly #known = new Map<string, Destination>()

  constructor(config: HttpClientConfig) {
    this.#config = config
  }

  /** @throws HttpError `protocol` when it is no URL, or not HTTP. */
  of(method: string, text: string): Destination {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const url = URL.parse(text)
    if (url === null) throw requestError(method, text, { code: 'protocol', text: 'invalid URL' })
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw requestError(method, url, { code: 'protocol', text: `unsupported protocol scheme "${url.protocol.slice(0, -1)}"` })
    }
    if (this.#known.size >= URLS_MAX) this.#known.clear()
    const destination = destinationOf(url, this.#config)
    this.#known.set(text, destination)
    return destination
  }
}
