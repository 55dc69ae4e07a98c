/** Where this server is reached. */
export interface OwnAddress {
  readonly externalUrl: string
  /** `host:port`. */
  readonly listenAddress: string
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * The URL of a target as others reach it: this server itself by its external URL, another one on this machine by the
 * external host name. Prometheus: web/api/v1 getGlobalURL.
 */
export function toGlobalUrl(scrapeUrl: string, { externalUrl, listenAddress }: OwnAddress): string {
  const target = new URL(scrapeUrl)
  if (!LOOPBACK.includes(target.hostname)) return scrapeUrl
  const external = new URL(externalUrl)
  // Only the parts before the path change: the path as the target's URL has it was meant.
  const rest = scrapeUrl.slice(scrapeUrl.indexOf(target.host) + target.host.length)
  const isSelf = target.port !== '' && target.port === listenAddress.slice(listenAddress.lastIndexOf(':') + 1)
  if (isSelf) return `${external.protocol}//${external.host}${rest}`
  const port = target.port === '' ? '' : `:${target.port}`
  return `${target.protocol}//${external.hostname}${port}${rest}`
}
