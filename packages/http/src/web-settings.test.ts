import { copyFileSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, defaultHttpClientConfig, type TlsConfig } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterEach, describe, expect, test } from 'vitest'
import { createHttpClientFactory } from './client-factory.ts'
import { createServer, type HttpServer } from './server.ts'

const testdata = join(import.meta.dirname, '..', 'testdata')
const ca = readFileSync(join(testdata, 'ca.crt'), 'utf8')
/** The hash of `secret`, at the lowest cost. */
const HASH = '$2b$04$filjuoMD./zRqhDdIxID7uR5s/mWEX1TJ916LJOhus9f.GCl4T6Mm'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const item of open.splice(0)) await item.close()
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'promlet-web-'))
  for (const name of ['server.crt', 'server.key', 'ca.crt']) copyFileSync(join(testdata, name), join(path, name))
  return path
}

/** Writes a file so that it differs in time from what was there. */
let seconds = 1_700_000_000
function write(path: string, contents: string | Buffer): void {
  writeFileSync(path, contents)
  seconds += 10
  utimesSync(path, seconds, seconds)
}

function server(webConfigFile: string): HttpServer {
  const made = createServer({
    listenAddress: '127.0.0.1:0',
    name: 'prometheus',
    logger: silentLogger,
    registry: createRegistry(),
    bodyBytesMax: 1000,
    readTimeoutMs: 10_000,
    maxConnections: 10,
    webConfigFile,
  })
  made.app.get('/', async () => 'hello')
  open.push(made)
  return made
}

function ask(url: string, tls: Partial<TlsConfig> = {}) {
  const client = createHttpClientFactory({ clock: systemClock })({
    ...defaultHttpClientConfig,
    tls: { ca, insecureSkipVerify: false, ...tls },
  })
  open.push(client)
  return client.request({ method: 'GET', url, timeoutMs: 5_000, bodyBytesMax: 0 })
}

describe('a web configuration file with TLS', () => {
  const tlsLines = 'tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n'

  async function listen(lines: string): Promise<{ url: string; path: string }> {
    const path = folder()
    write(join(path, 'web.yml'), lines)
    const { port } = await server(join(path, 'web.yml')).listen()
    return { url: `https://127.0.0.1:${port}/`, path }
  }

  test('makes the server speak TLS, which a client verifies', async () => {
    const { url } = await listen(tlsLines)
    expect(Buffer.from((await ask(url)).body).toString()).toBe('hello')
    await expect(ask(url, { ca: '' })).rejects.toMatchObject({
      code: 'tls',
      message: `Get "${url}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    })
    expect((await ask(url, { ca: '', insecureSkipVerify: true })).status).toBe(200)
    await expect(ask(url.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow()
  })

  test('says for which names a certificate is', async () => {
    const { url } = await listen(tlsLines)
    await expect(ask(url, { serverName: 'elsewhere' })).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringContaining('x509: certificate is valid for localhost, 127.0.0.1, not'),
    })
  })

  test('uses a new certificate for the next connection', async () => {
    const { url, path } = await listen(tlsLines)
    await ask(url)
    write(join(path, 'server.key'), readFileSync(join(testdata, 'other.key')))
    write(join(path, 'server.crt'), readFileSync(join(testdata, 'other.crt')))
    const { connect } = await import('node:tls')
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', ca })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    expect(socket.getPeerCertificate().subject.CN).toBe('other')
    socket.destroy()
  })

  test('asks clients for certificates', async () => {
    const { url } = await listen(`${tlsLines}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n`)
    const certFile = join(testdata, 'client.crt')
    const keyFile = join(testdata, 'client.key')
    expect((await ask(url, { certFile, keyFile })).status).toBe(200)
    await expect(ask(url)).rejects.toThrow()
  })

  test('is refused when a certificate is missing', () => {
    const path = folder()
    write(join(path, 'web.yml'), tlsLines.replace('server.crt', 'missing.crt'))
    expect(() => server(join(path, 'web.yml'))).toThrow(new RegExp(`web.yml:1:1: open ${path}/missing.crt: no such file or directory`))
    expect(() => server(join(path, 'none.yml'))).toThrow(ConfigError)
  })
})

describe('a web configuration file with users', () => {
  const users = (lines: string) => `basic_auth_users:\n${lines}`
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

  test('lets in who knows the password', async () => {
    const path = folder()
    write(join(path, 'web.yml'), users(`  alice: ${HASH}\n`))
    const { app } = server(join(path, 'web.yml'))
    const status = async (headers: Record<string, string>) => (await app.inject({ url: '/', headers })).statusCode
    expect(await status(basic('alice:secret'))).toBe(200)
    expect(await status(basic('alice:secret'))).toBe(200)
    for (const wrong of ['alice:guess', 'bob:secret', 'alice', '__proto__:secret', 'alice:']) expect(await status(basic(wrong))).toBe(401)
    expect(await status({ authorization: 'Bearer secret' })).toBe(401)
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.headers['www-authenticate'], answer.body]).toEqual([401, 'Basic', 'Unauthorized\n'])
  })

  test('is read again when it has changed, and stays as it was while it is not in order', async () => {
    const path = folder()
    const file = join(path, 'web.yml')
    write(file, users(`  alice: ${HASH}\n`))
    const { app } = server(file)
    const status = async (user: string) => (await app.inject({ url: '/', headers: basic(`${user}:secret`) })).statusCode
    expect([await status('alice'), await status('bob')]).toEqual([200, 401])
    write(file, users(`  bob: ${HASH}\n`))
    expect([await status('alice'), await status('bob')]).toEqual([401, 200])
    write(file, 'basic_auth_users: nobody\n')
    expect([await status('alice'), await status('bob')]).toEqual([401, 200])
  })

  test('sends its headers', async () => {
    const path = folder()
    write(join(path, 'web.yml'), 'http_server_config:\n  headers:\n    X-Frame-Options: deny\n')
    expect((await server(join(path, 'web.yml')).app.inject('/')).headers['x-frame-options']).toBe('deny')
  })
})
