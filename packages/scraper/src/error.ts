/** Why a scrape failed or a target cannot be scraped. The message is Prometheus's, as it stands in a target's `lastError`. */
export class ScrapeError extends Error {
  override readonly name = 'ScrapeError'
  readonly code: 'target' | 'status' | 'limit' | 'series'
  constructor(code: ScrapeError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
