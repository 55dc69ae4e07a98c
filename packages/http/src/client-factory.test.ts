import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defaultHttpClientConfig, type HttpClientConfig } from '@promlet/config'
import { systemClock } from '@promlet/model'
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpClient, HttpRequest } from './client.ts'
import { createHttpClientFactory } from './client-factory.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close() {
      server.closeAllConnections()
      server.close()
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function client(config: Partial<HttpClientConfig> = {}): HttpClient {
  const made = createHttpClientFactory({ clock: systemClock })({ ...defaultHttpClientConfig, ...config })
  open.push(made)
  return made
}

function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url, timeoutMs: 5_000, bodyBytesMax: 0, ...more }
}

function text(body: Uint8Array): string {
  return Buffer.from(body).toString()
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('a client', () => {
  test('gives status, headers and body', async () => {
    const url = await serve((_request, response) => response.writeHead(404, { 'X-Kind': 'none' }).end('not here'))
    const answer = await client().request(get(`${url}/metrics`))
    expect([answer.status, answer.headers['x-kind'], text(answer.body)]).toEqual([404, 'none', 'not here'])
  })

  test('sends a body', async () => {
    const url = await serve(async (request, response) => response.end(`${request.method} ${await bodyOf(request)}`))
    expect(text((await client().request(get(url, { method: 'POST', body: Buffer.from('query=up') }))).body)).toBe('POST query=up')
  })

  test('keeps connections open for the next request', async () => {
    const sockets = new Set<unknown>()
    const url = await serve((request, response) => {
      sockets.add(request.socket)
      response.end()
    })
    const one = client()
    for (let count = 0; count < 10; count++) await one.request(get(url))
    // A request right at the end of another may find its connection not yet free.
    expect(sockets.size).toBeLessThanOrEqual(2)
  })

  test('sends a GET again when the server closed the idle connection under it', async () => {
    let answers = 0
    const server = createTcpServer((socket) => {
      let served = 0
      socket
        .on('error', () => {})
        .on('data', () => {
          if (served++ > 0) return socket.destroy()
          answers++
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
        })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push(server)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const one = client()
    for (let count = 0; count < 3; count++) expect((await one.request(get(url))).status).toBe(200)
    expect(answers).toBe(3)
  })
})

describe('a connection', () => {
  /** A server that answers each request with the bytes that `answer` gives, and says how many connections it had. */
  async function serveBytes(answer: (request: string, socket: Socket) => string): Promise<{ url: string; connections: () => number }> {
    let connections = 0
    const server = createTcpServer((socket) => {
      connections++
      socket.on('error', () => {}).on('data', (data) => void socket.write(answer(data.toString(), socket)))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push(server)
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections }
  }
  const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n'

  test('is used again after an answer, and not after one that closes it', async () => {
    const { url, connections } = await serveBytes((request) => `${OK}${request.includes('/last') ? 'connection: close\r\n' : ''}\r\nok`)
    const one = client()
    for (const path of ['/', '/', '/last', '/']) expect(text((await one.request(get(url + path))).body)).toBe('ok')
    expect(connections()).toBe(2)
  })

  test('carries one request at a time', async () => {
    const { url, connections } = await serveBytes(() => `${OK}\r\nok`)
    const one = client()
    await Promise.all(Array.from({ length: 5 }, () => one.request(get(url))))
    expect(connections()).toBe(5)
  })

  test('that says more than it was asked is given up', async () => {
    const { url, connections } = await serveBytes(() => `${OK}\r\nok and more`)
    const one = client()
    await expect(one.request(get(url))).rejects.toMatchObject({ code: 'protocol' })
    await expect(one.request(get(url))).rejects.toMatchObject({ code: 'protocol' })
    expect(connections()).toBe(2)
  })

  test('that ends is the end of a body without a length', async () => {
    const { url } = await serveBytes((_request, socket) => {
      setImmediate(() => socket.end())
      return 'HTTP/1.0 200 OK\r\n\r\nup 1\n'
    })
    expect(text((await client().request(get(url))).body)).toBe('up 1\n')
  })

  test('sends what was asked for and nothing that would end a header', async () => {
    const { url } = await serveBytes((request) => `HTTP/1.1 200 OK\r\ncontent-length: ${request.length}\r\n\r\n${request}`)
    const asked = get(`${url}/metrics?a=%20b#c`, { headers: { Accept: 'text/plain' } })
    expect(text((await client().request(asked)).body).toLowerCase()).toBe(
      `get /metrics?a=%20b http/1.1\r\nhost: ${new URL(url).host}\r\nconnection: keep-alive\r\naccept-encoding: gzip\r\nuser-agent: promlet\r\naccept: text/plain\r\n\r\n`,
    )
    const split = get(url, { headers: { 'x-team': 'a\r\nx-admin: yes' } })
    await expect(client().request(split)).rejects.toMatchObject({
      message: expect.stringContaining('invalid header field value for "x-team"'),
    })
  })

  test('reads many bodies right, one in the memory of the other', async () => {
    const body = (index: number) => `up ${index}\n`.repeat(1 + ((index * 7919) % 20_000))
    const url = await serve((request, response) => {
      const packed = gzipSync(body(Number(request.url?.slice(1))))
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    })
    const one = client()
    const ask = async (index: number) => {
      const answer = await one.request(get(`${url}/${index}`))
      expect(text(answer.body) === body(index)).toBe(true)
      answer.release?.()
    }
    for (let round = 0; round < 10; round++) await Promise.all([0, 1, 2, 3].map((index) => ask(round * 4 + index)))
  })
})

describe('gzip', () => {
  test('is asked for and unpacked', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(`asked: ${request.headers['accept-encoding']}`))
    })
    expect(text((await client().request(get(url))).body)).toBe('asked: gzip')
  })

  test('that is broken is an error', async () => {
    const url = await serve((_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('plain'))
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'protocol', message: 'gzip: invalid header' })
  })

  test('that is cut off is an error', async () => {
    const packed = gzipSync('up 1\n'.repeat(1000)).subarray(0, 20)
    const url = await serve((_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(packed))
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'protocol', message: 'unexpected EOF' })
  })
})

describe('the body limit', () => {
  test('accepts a body as long as the limit', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(1000)))
    expect((await client().request(get(url, { bodyBytesMax: 1000 }))).body.length).toBe(1000)
  })

  test('refuses a longer one while it still comes', async () => {
    const url = await serve((_request, response) => {
      response.write('x'.repeat(100_000)) // and never ends
    })
    await expect(client().request(get(url, { bodyBytesMax: 1000 }))).rejects.toMatchObject({
      code: 'body-too-large',
      message: 'body size limit exceeded',
    })
  })

  test('holds for what gzip unpacks to', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('0'.repeat(50_000_000)))
    })
    await expect(client().request(get(url, { bodyBytesMax: 1_000_000 }))).rejects.toMatchObject({ code: 'body-too-large' })
  })
})

describe('the timeout', () => {
  test('ends a request whose headers do not come', async () => {
    const url = await serve(() => {})
    await expect(client().request(get(`${url}/metrics`, { timeoutMs: 50 }))).rejects.toMatchObject({
      code: 'timeout',
      message: `Get "${url}/metrics": context deadline exceeded`,
    })
  })

  test('ends a request whose body does not end', async () => {
    const url = await serve((_request, response) => void response.write('up 1'))
    await expect(client().request(get(url, { timeoutMs: 50 }))).rejects.toMatchObject({
      code: 'timeout',
      message: 'context deadline exceeded',
    })
  })

  test('is not the signal, which the caller aborts', async () => {
    const stop = new AbortController()
    const url = await serve(() => stop.abort())
    await expect(client().request(get(`${url}/`, { signal: stop.signal }))).rejects.toMatchObject({
      code: 'aborted',
      message: `Get "${url}/": context canceled`,
    })
  })

  test('is not needed where the client is closed', async () => {
    const one = client()
    const url = await serve(() => void one.close())
    await expect(one.request(get(url))).rejects.toMatchObject({ code: 'aborted' })
    await expect(one.request(get(url))).rejects.toMatchObject({ code: 'aborted' })
  })
})

describe('failures are told in the words of Go', () => {
  const fails = (what: string, url: string, code: string, message: RegExp) =>
    test(what, async () => {
      await expect(client().request(get(url))).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    })
  fails(
    'a port nobody listens on',
    'http://127.0.0.1:1/metrics',
    'connect',
    /^Get "http:\/\/127.0.0.1:1\/metrics": dial tcp 127.0.0.1:1: connect: connection refused$/,
  )
  fails(
    'a name nobody knows',
    'http://nowhere.invalid/',
    'connect',
    /^Get "http:\/\/nowhere.invalid\/": dial tcp: lookup nowhere.invalid: /,
  )
  fails('a scheme that is not HTTP', 'ftp://web-1/', 'protocol', /^Get "ftp:\/\/web-1\/": unsupported protocol scheme "ftp"$/)
  fails('what is no URL', 'web 1', 'protocol', /^Get "web 1": invalid URL$/)

  test('a server that hangs up', async () => {
    const url = await serve((request) => void request.socket.destroy())
    await expect(client().request(get(`${url}/`))).rejects.toMatchObject({ code: 'protocol', message: `Get "${url}/": EOF` })
  })

  test('a server that hangs up in the body', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('up 1')
      setImmediate(() => request.socket.destroy())
    })
    await expect(client().request(get(url))).rejects.toMatchObject({ code: 'protocol', message: 'unexpected EOF' })
  })

  test('a server that does not speak TLS', async () => {
    const url = (await serve((_request, response) => response.end())).replace('http:', 'https:')
    await expect(client().request(get(`${url}/`))).rejects.toMatchObject({
      code: 'tls',
      message: `Get "${url}/": http: server gave HTTP response to HTTPS client`,
    })
  })

  test('a password in the URL is not shown', async () => {
    await expect(client().request(get('http://me:secret@127.0.0.1:1/'))).rejects.toThrow('Get "http://me:***@127.0.0.1:1/": dial tcp')
  })
})

describe('credentials', () => {
  const echo = (request: IncomingMessage, response: ServerResponse) =>
    response.end(`${request.headers.authorization}|${request.headers['x-team']}`)
  const sends = (what: string, config: Partial<HttpClientConfig>, expected: string) =>
    test(what, async () => expect(text((await client(config).request(get(await serve(echo)))).body)).toBe(expected))

  sends(
    'of basic auth',
    { basicAuth: { username: 'me', password: 'pässword' } },
    `Basic ${Buffer.from('me:pässword').toString('base64')}|undefined`,
  )
  sends('of an authorization', { authorization: { type: 'Bearer', credentials: 'token' } }, 'Bearer token|undefined')
  sends('in headers', { headers: { 'X-Team': 'infra' } }, 'undefined|infra')

  test('in the URL', async () => {
    const url = (await serve(echo)).replace('//', '//me:secret@')
    expect(text((await client().request(get(url))).body)).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}|undefined`)
  })

  test('in a file are read anew for each request', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'promlet-http-')), 'token')
    const one = client({ authorization: { type: 'Bearer', credentials: '', credentialsFile: file } })
    const url = await serve(echo)
    for (const token of ['first', 'second']) {
      writeFileSync(file, `${token}\n`)
      expect(text((await one.request(get(url))).body)).toBe(`Bearer ${token}|undefined`)
    }
  })

  test('in a file that is missing are an error that names it', async () => {
    const one = client({ basicAuth: { username: 'me', password: '', passwordFile: '/nonexistent/password' } })
    const url = await serve(echo)
    await expect(one.request(get(`${url}/`))).rejects.toMatchObject({
      code: 'config',
      message: `Get "${url}/": unable to read basic auth password file /nonexistent/password: open /nonexistent/password: no such file or directory`,
    })
  })
})

describe('redirects', () => {
  test('are followed, a POST turning into a GET by 302 and not by 307', async () => {
    const url = await serve(async (request, response) => {
      const status = Number(request.url?.slice(1))
      if (status > 0) response.writeHead(status, { Location: '/' }).end('moved')
      else response.end(`${request.method} ${await bodyOf(request)}`)
    })
    const post = (path: string) =>
      client().request(get(url + path, { method: 'POST', body: Buffer.from('x'), headers: { 'Content-Type': 'text/plain' } }))
    expect(text((await post('/302')).body)).toBe('GET ')
    expect(text((await post('/307')).body)).toBe('POST x')
  })

  test('are answers where the configuration does not follow them', async () => {
    const url = await serve((_request, response) => response.writeHead(302, { Location: '/' }).end())
    expect((await client({ followRedirects: false }).request(get(url))).status).toBe(302)
  })

  test('end after ten', async () => {
    let count = 0
    const url = await serve((_request, response) => response.writeHead(302, { Location: `/${++count}` }).end())
    await expect(client().request(get(url))).rejects.toThrow(`Get "${url}/10": stopped after 10 redirects`)
    expect(count).toBe(11)
  })

  test('go on from a body that is long, and not from one that does not end', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/target') return void response.end('there')
      response.writeHead(302, { Location: '/target' })
      if (request.url === '/long') response.end(Buffer.alloc(1_000_000))
      else response.write('moved')
    })
    expect(text((await client().request(get(`${url}/long`))).body)).toBe('there')
    const endless = client().request(get(`${url}/endless`, { timeoutMs: 100 }))
    await expect(endless).rejects.toThrow(`Get "${url}/endless": context deadline exceeded`)
  })

  test('to another host do not take credentials along', async () => {
    const other = (
      await serve((request, response) => response.end(`${request.headers.authorization}|${request.headers['x-team']}`))
    ).replace('127.0.0.1', 'localhost')
    const url = await serve((_request, response) => response.writeHead(302, { Location: other }).end())
    const one = client({ basicAuth: { username: 'me', password: 'secret' }, headers: { 'X-Team': 'infra' } })
    expect(text((await one.request(get(url))).body)).toBe('undefined|undefined')
  })
})

describe('a proxy', () => {
  test('is asked for the whole URL', async () => {
    const proxy = await serve((request, response) => response.end(`proxied ${request.url}`))
    expect(text((await client({ proxyUrl: proxy }).request(get('http://web-1.example/metrics'))).body)).toBe(
      'proxied http://web-1.example/metrics',
    )
  })
})
