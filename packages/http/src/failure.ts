// People read these texts in `lastError` of a target and in logs, and know them from Prometheus; so they are worded
// as Go's net, net/http and crypto/tls word them: `Get "http://web-1:9100/metrics": dial tcp 10.0.0.1:9100: connect: …`.

import { HttpError } from './client.ts'

/** What went wrong, as the text after the method and URL. */
interface Failure {
  readonly code: HttpError['code']
  readonly text: string
}

/** `Get "http://…": text`. A password in the URL is not shown. */
export function requestError(method: string, url: URL | string, { code, text }: Failure, cause?: unknown): HttpError {
  const verb = method.charAt(0) + method.slice(1).toLowerCase()
  return new HttpError(code, `${verb} ${JSON.stringify(shownUrl(url))}: ${text}`, { cause })
}

function shownUrl(url: URL | string): string {
  if (typeof url === 'string' || url.password === '') return String(url)
  const shown = new URL(url)
  shown.password = '***'
  return shown.href
}

/** Says in Go's words what undici, the socket or OpenSSL said. */
export function describeFailure(error: unknown, url: URL): Failure {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error
  const found = asNodeError(first)
  const code = found.code ?? ''
  return describeConnect(code, found, url) ?? describeTls(code, found, url) ?? describeExchange(code, found)
}

interface NodeError {
  readonly code?: string
  readonly message: string
  readonly address?: string
  readonly port?: number
  readonly syscall?: string
  readonly socket?: { remoteAddress?: string; remotePort?: number; localAddress?: string; localPort?: number; bytesRead?: number } | null
}

function asNodeError(error: unknown): NodeError {
  return error instanceof Error ? (error as NodeError) : { message: String(error) }
}

const CONNECT_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  EADDRNOTAVAIL: 'connect: cannot assign requested address',
  ETIMEDOUT: 'connect: connection timed out',
  EACCES: 'connect: permission denied',
  UND_ERR_CONNECT_TIMEOUT: 'i/o timeout',
}
const LOOKUP_TEXTS: Readonly<Record<string, string>> = { ENOTFOUND: 'no such host', EAI_AGAIN: 'Temporary failure in name resolution' }

function describeConnect(code: string, error: NodeError, url: URL): Failure | undefined {
  const lookup = LOOKUP_TEXTS[code]
  if (lookup !== undefined) return { code: 'connect', text: `dial tcp: lookup ${url.hostname}: ${lookup}` }
  const connect = CONNECT_TEXTS[code]
  if (connect === undefined) return undefined
  const host = error.address ?? url.hostname.replace(/^\[|\]$/g, '')
  return { code: 'connect', text: `dial tcp ${hostPort(host, error.port ?? defaultPort(url))}: ${connect}` }
}

const UNKNOWN_AUTHORITY = 'x509: certificate signed by unknown authority'
const TLS_TEXTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
}

function describeTls(code: string, error: NodeError, url: URL): Failure | undefined {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return { code: 'tls', text: 'http: server gave HTTP response to HTTPS client' }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return { code: 'tls', text: `tls: failed to verify certificate: x509: ${altNameText(error, url)}` }
  }
  const text = TLS_TEXTS[code]
  if (text !== undefined) return { code: 'tls', text: `tls: failed to verify certificate: ${text}` }
  return /^ERR_(SSL|TLS|OSSL)_/.test(code) ? { code: 'tls', text: `remote error: tls: ${error.message.trim()}` } : undefined
}

function altNameText(error: NodeError, url: URL): string {
  const { cert } = error as { cert?: { subjectaltname?: string } }
  const names = (cert?.subjectaltname ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''))
  return `certificate is valid for ${names.join(', ')}, not ${url.hostname}`
}

function describeExchange(code: string, error: NodeError): Failure {
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    const reason = code === 'EPIPE' ? 'write: broken pipe' : 'read: connection reset by peer'
    return { code: 'protocol', text: `${socketText(error)}${reason}` }
  }
  if (code === 'UND_ERR_SOCKET') return { code: 'protocol', text: error.message === 'other side closed' ? 'EOF' : error.message }
  if (code.startsWith('HPE_')) return { code: 'protocol', text: `net/http: HTTP/1.x transport connection broken: ${error.message}` }
  return { code: 'protocol', text: error.message }
}

function socketText({ socket }: NodeError): string {
  if (socket?.remoteAddress === undefined || socket.localAddress === undefined) return ''
  return `read tcp ${hostPort(socket.localAddress, socket.localPort ?? 0)}->${hostPort(socket.remoteAddress, socket.remotePort ?? 0)}: `
}

/** True when the server closed a connection that had carried answers before, while it was idle: the request never reached it. */
export function isIdleClose(error: unknown): boolean {
  const { code, socket } = asNodeError(error)
  return (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') && (socket?.bytesRead ?? 0) > 0
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function defaultPort(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}
