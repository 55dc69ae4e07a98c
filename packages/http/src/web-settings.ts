// --web.config.file: TLS, headers and users of a server. Prometheus's exporter-toolkit reads it for each request; here
// it, and the files that it names, are read when they have changed.

import { readFileSync } from 'node:fs'
import type { RequestListener, ServerOptions } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { SecureContextOptions, SecureVersion, TLSSocket } from 'node:tls'
import { type ClientAuth, ConfigError, parseWebConfig, type TlsVersion, type WebConfig, type WebTlsConfig } from '@promlet/config'
import type { Logger } from '@promlet/telemetry'
import type { FastifyInstance } from 'fastify'
import { guardWithPasswords } from './basic-auth.ts'
import { rereadable } from './rereadable.ts'

export interface WebSettings {
  /** As the file is now, or as it was when it was last in order. */
  config(): WebConfig
  /** Undefined where the file does not ask for TLS; that it does or not is settled when the server starts. */
  readonly tlsServer: ((handler: RequestListener, options: ServerOptions) => Server) | undefined
}

/** Reads the file. @throws ConfigError with all that is wrong in it, or with the certificate that cannot be read. */
export function openWebSettings(file: string, logger: Logger): WebSettings {
  const onFailure = (err: unknown) => logger.error({ err, file }, 'Web configuration is not in order, the one before still holds')
  const config = rereadable(
    () => [file],
    () => parseWebConfig(readOrExplain(file, file), { file }),
    onFailure,
  )
  if (config().tls === undefined) return { config, tlsServer: undefined }
  const secure = rereadable(
    () => [file, ...filesOf(config().tls)],
    () => secureContext(config().tls as WebTlsConfig, file),
    onFailure,
  )
  return { config, tlsServer: (handler, options) => createTlsServer(handler, options, config, secure) }
}

/** Sends the headers of the file with each answer, and asks for a password where it names users. */
export function applyWebSettings(app: FastifyInstance, { config }: WebSettings): void {
  app.addHook('onRequest', async (_request, reply) => {
    for (const [name, value] of Object.entries(config().headers)) if (value !== '') reply.header(name, value)
  })
  guardWithPasswords(app, () => config().basicAuthUsers)
}

function filesOf(tls: WebTlsConfig | undefined): readonly string[] {
  return [tls?.certFile, tls?.keyFile, tls?.clientCaFile].filter((path) => path !== undefined)
}

function readOrExplain(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : (cause as Error).message
    throw new ConfigError([{ file, line: 1, column: 1, field: '', message: `open ${path}: ${reason}` }], { cause })
  }
}

const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' }

function secureContext(tls: WebTlsConfig, file: string): SecureContextOptions {
  const read = (text: string | undefined, path: string | undefined) => (path === undefined ? text : readOrExplain(path, file))
  const ca = read(tls.clientCa, tls.clientCaFile)
  const cert = read(tls.cert, tls.certFile)
  const key = read(tls.key, tls.keyFile)
  return {
    minVersion: VERSIONS[tls.minVersion],
    maxVersion: VERSIONS[tls.maxVersion],
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
  }
}

function createTlsServer(
  handler: RequestListener,
  options: ServerOptions,
  config: () => WebConfig,
  secure: () => SecureContextOptions,
): Server {
  let used = secure()
  const auth = (): ClientAuth => config().tls?.clientAuth ?? 'NoClientCert'
  const asks = { requestCert: auth() !== 'NoClientCert', rejectUnauthorized: auth() === 'RequireAndVerifyClientCert' }
  const server = createServer({ ...options, ...used, ...asks }, handler)
  // Before the server's own listener, so that this very connection has the new certificate.
  server.prependListener('connection', () => {
    const now = secure()
    if (now === used) return
    used = now
    server.setSecureContext(now)
  })
  server.on('secureConnection', (socket) => {
    if (!isWelcome(socket, auth())) socket.destroy()
  })
  return server
}

/** The two policies that Node does not have itself. */
function isWelcome(socket: TLSSocket, auth: ClientAuth): boolean {
  const hasCertificate = Object.keys(socket.getPeerCertificate() ?? {}).length > 0
  if (auth === 'RequireAnyClientCert') return hasCertificate
  return auth !== 'VerifyClientCertIfGiven' || !hasCertificate || socket.authorized
}
