import { requestError } from './failure.ts'

/** More URLs than this are not kept. */
const URLS_MAX = 10_000

/** Parses URLs; a client is mostly asked for those that it was asked for before. */
export class UrlMemory {
  readonly #parsed = new Map<string, URL>()

  /** The URL is shared: not to be changed. @throws HttpError `protocol` when it is none, or not HTTP. */
  parse(method: string, text: string): URL {
    const known = this.#parsed.get(text)
    if (known !== undefined) return known
    const url = URL.parse(text)
    if (url === null) throw requestError(method, text, { code: 'protocol', text: 'invalid URL' })
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw requestError(method, url, { code: 'protocol', text: `unsupported protocol scheme "${url.protocol.slice(0, -1)}"` })
    }
    if (this.#parsed.size >= URLS_MAX) this.#parsed.clear()
    this.#parsed.set(text, url)
    return url
  }
}
