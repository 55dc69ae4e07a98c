import { networkInterfaces } from 'node:os'
import { HttpServerError } from './server-error.ts'

export interface ListenAddress {
  /** An IP address or a host name, without brackets; for `:9090` the address that means every interface. */
  readonly host: string
  /** 0: the system chooses. */
  readonly port: number
}

const PATTERN = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/
const PORT_MAX = 65_535

/**
 * Reads `host:port` as Prometheus's `--web.listen-address` has it: `:9090` and `0.0.0.0:9090` listen everywhere,
 * `[::1]:9090` on an IPv6 address. @throws `HttpServerError` `bad-address`.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = PATTERN.exec(text)
  if (match === null || Number(match[3]) > PORT_MAX) {
    throw new HttpServerError('bad-address', `listen address ${JSON.stringify(text)}: expected host:port, such as 127.0.0.1:9090 or :9090`)
  }
  const host = match[1] ?? match[2] ?? ''
  return { host: host === '' ? anyAddress() : host, port: Number(match[3]) }
}

/** `host:port` again, with brackets where they are needed. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** `::` takes IPv4 connections too, but cannot be bound on a machine without IPv6, such as most containers. */
function anyAddress(): string {
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'))
  return hasIpv6 ? '::' : '0.0.0.0'
}
