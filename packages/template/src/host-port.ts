import { isIP } from 'node:net'

/** Go's net.SplitHostPort; undefined when the text is no `host:port`. */
function split(text: string): { host: string; port: string } | undefined {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return undefined
  if (!text.startsWith('[')) {
    const host = text.slice(0, colon)
    return /[:[\]]/.test(host) ? undefined : { host, port: text.slice(colon + 1) }
  }
  const close = text.indexOf(']')
  if (close < 0 || close + 1 !== colon) return undefined
  const host = text.slice(1, close)
  return host.includes('[') ? undefined : { host, port: text.slice(colon + 1) }
}

/** `web:80` → `web`, `[::1]:80` → `::1`; any other text as it is. */
export function stripPort(text: string): string {
  return split(text)?.host ?? text
}

/** `web.example.org:80` → `web:80`; addresses as they are. */
export function stripDomain(text: string): string {
  const parts = split(text)
  const host = parts?.host ?? text
  if (isIP(host) !== 0) return text
  const name = host.split('.')[0] as string
  return parts === undefined || parts.port === '' ? name : `${name}:${parts.port}`
}
