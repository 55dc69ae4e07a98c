import { request as sendRequest } from 'node:http'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger, writeMetrics } from '@promlet/telemetry'
import { afterEach, describe, expect, test } from 'vitest'
import { formOf } from './form.ts'
import { createServer, type HttpServer, type HttpServerOptions } from './server.ts'

const open: HttpServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

function server(options: Partial<HttpServerOptions> = {}): HttpServer {
  const made = createServer({
    listenAddress: '127.0.0.1:0',
    name: 'prometheus',
    logger: silentLogger,
    registry: createRegistry(),
    bodyBytesMax: 1_000_000,
    readTimeoutMs: 300_000,
    maxConnections: 512,
    ...options,
  })
  open.push(made)
  return made
}

describe('a server', () => {
  test('listens where it is told and says where that is', async () => {
    const one = server()
    one.app.get('/hello', async () => 'hello')
    const { address, port } = await one.listen()
    expect(address).toBe('127.0.0.1')
    expect(await (await fetch(`http://127.0.0.1:${port}/hello`)).text()).toBe('hello')
  })

  test('says in one line that its port is taken', async () => {
    const { port } = await server().listen()
    await expect(server({ listenAddress: `127.0.0.1:${port}` }).listen()).rejects.toMatchObject({
      name: 'HttpServerError',
      code: 'address-in-use',
      message: `listen tcp 127.0.0.1:${port}: bind: address already in use`,
    })
  })

  test('listens on every interface when only a port is given', async () => {
    const one = server({ listenAddress: ':0' })
    const { port } = await one.listen()
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404)
  })

  test('refuses a path with a broken escape as plain text', async () => {
    const one = server()
    one.app.get('/label/:name', async () => 'label')
    const { statusCode, headers, body } = await one.app.inject({ method: 'GET', url: '/label/%zz' })
    expect({ statusCode, body, type: headers['content-type'] }).toEqual({
      statusCode: 400,
      body: '400 Bad Request',
      type: 'text/plain; charset=utf-8',
    })
  })

  test('lets requests under way end when it is closed', async () => {
    const one = server()
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    const { promise: finish, resolve: end } = Promise.withResolvers<void>()
    one.app.get('/slow', async () => {
      start()
      await finish
      return 'done'
    })
    const { port } = await one.listen()
    const answer = fetch(`http://127.0.0.1:${port}/slow`)
    await started
    const closed = one.close()
    end()
    expect(await (await answer).text()).toBe('done')
    await closed
  })

  test('breaks requests off that do not end in time', async () => {
    const clock = new VirtualClock()
    const one = server({ clock, closeTimeoutMs: 5_000 })
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    one.app.get('/stuck', async () => {
      start()
      await new Promise(() => {})
    })
    const { port } = await one.listen()
    const answer = expect(fetch(`http://127.0.0.1:${port}/stuck`)).rejects.toThrow()
    await started
    const closed = one.close()
    await clock.advance(5_000)
    await closed
    await answer
  })

  test('refuses connections above its limit', async () => {
    const one = server({ maxConnections: 1 })
    const { port } = await one.listen()
    const first = connect(port, '127.0.0.1')
    await new Promise((resolve) => first.once('connect', resolve))
    const second = connect(port, '127.0.0.1').on('error', () => {})
    await new Promise((resolve) => second.once('close', resolve))
    first.destroy()
  })
})

describe('what no route takes', () => {
  test('is 404 in the words of Go', async () => {
    const answer = await server().app.inject('/nope')
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
      404,
      'text/plain; charset=utf-8',
      '404 page not found\n',
    ])
  })

  test('is 405 with the methods that the path has', async () => {
    const { app } = server()
    app.route({ method: ['GET', 'POST'], url: '/api/v1/label/:name/values', handler: async () => 'values' })
    const answer = await app.inject({ method: 'PUT', url: '/api/v1/label/job/values?x=1' })
    expect([answer.statusCode, answer.headers['allow'], answer.body]).toEqual([405, 'GET, OPTIONS, POST', 'Method Not Allowed\n'])
    expect((await app.inject({ method: 'HEAD', url: '/api/v1/label/job/values' })).statusCode).toBe(405)
  })

  test('is a plain 500 when a handler throws', async () => {
    const { app } = server()
    app.get('/', async () => {
      throw new Error('disk full')
    })
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.body]).toEqual([500, 'disk full\n'])
  })
})

describe('bodies', () => {
  const types = ['application/x-protobuf', 'application/x-www-form-urlencoded', 'application/json', 'text/plain; version=0.0.4', undefined]
  for (const type of types) {
    test(`arrive as bytes when the type is ${type}`, async () => {
      const { app } = server()
      app.post('/', async (request) => ({ bytes: Buffer.isBuffer(request.body), text: String(request.body) }))
      const answer = await app.inject({
        method: 'POST',
        url: '/',
        payload: Buffer.from('up 1'),
        headers: type === undefined ? {} : { 'content-type': type },
      })
      expect(answer.json()).toEqual({ bytes: true, text: 'up 1' })
    })
  }

  test('above the limit are 413', async () => {
    const { app } = server({ bodyBytesMax: 10 })
    app.post('/', async () => 'stored')
    const answer = await app.inject({ method: 'POST', url: '/', payload: Buffer.from('x'.repeat(11)) })
    expect([answer.statusCode, answer.body]).toEqual([413, 'http: request body too large\n'])
  })

  test('that are forms keep repeated names, before those of the URL', async () => {
    const { app } = server()
    app.post('/', async (request) => [...formOf(request)])
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    const answer = await app.inject({ method: 'POST', url: '/?match%5B%5D=up&limit=1', payload: 'match[]=a%2Bb&match[]=c+d', headers })
    expect(answer.json()).toEqual([
      ['match[]', 'a+b'],
      ['match[]', 'c d'],
      ['match[]', 'up'],
      ['limit', '1'],
    ])
  })
})

describe('answers', () => {
  const long = 'up{job="node"} 1\n'.repeat(100)
  const ask = async (body: string | Buffer, encoding?: string) => {
    const { app } = server()
    app.get('/', async () => body)
    return app.inject({ url: '/', headers: encoding === undefined ? {} : { 'accept-encoding': encoding } })
  }

  for (const body of [long, Buffer.from(long), long.repeat(100)]) {
    test(`of ${body.length} ${typeof body === 'string' ? 'characters' : 'bytes'} are packed for who accepts gzip`, async () => {
      const answer = await ask(body, 'deflate, gzip;q=0.5')
      expect([answer.headers['content-encoding'], answer.headers['vary']]).toEqual(['gzip', 'Accept-Encoding'])
      expect(gunzipSync(answer.rawPayload).toString()).toBe(String(body))
    })
  }

  test('are not packed when they are short, or nobody asked, or gzip is refused', async () => {
    for (const answer of [await ask('up 1', 'gzip'), await ask(long), await ask(long, 'gzip;q=0, br')]) {
      expect(answer.headers['content-encoding']).toBeUndefined()
    }
  })
})

describe('request metrics', () => {
  test('count by the pattern of the route, and leave out what no route took', async () => {
    const registry = createRegistry()
    const { app } = server({ registry })
    app.get('/api/v1/label/:name/values', async () => 'values')
    await app.inject('/api/v1/label/job/values')
    await app.inject('/api/v1/label/instance/values')
    await app.inject('/nope')
    const text = await writeMetrics([registry])
    expect(text.split('\n').filter((line) => line.startsWith('prometheus_http_requests_total'))).toEqual([
      'prometheus_http_requests_total{handler="/api/v1/label/:name/values",code="200"} 2',
    ])
    expect(text).toContain('prometheus_http_request_duration_seconds_count{handler="/api/v1/label/:name/values"} 2')
    expect(text).toContain('prometheus_http_response_size_bytes_sum{handler="/api/v1/label/:name/values"} 12')
  })
})

describe('a route prefix', () => {
  test('is where everything is, and / leads there', async () => {
    const { app } = server({ routePrefix: '/prometheus/' })
    app.get('/-/healthy', async () => 'ok')
    app.get('/*', async () => 'page')
    const status = async (url: string) => (await app.inject(url)).statusCode
    expect((await app.inject('/prometheus/-/healthy?x=1')).body).toBe('ok')
    expect((await app.inject('/prometheus')).body).toBe('page')
    expect([await status('/-/healthy'), await status('/prometheus2'), await status('/')]).toEqual([404, 404, 302])
  })
})

describe('CORS', () => {
  test('lets any origin in by .*', async () => {
    const { app } = server({ corsOrigin: '.*' })
    app.get('/api/v1/query', async () => 'answer')
    expect((await app.inject({ url: '/api/v1/query', headers: { origin: 'http://x' } })).headers['access-control-allow-origin']).toBe('*')
    expect((await app.inject({ url: '/api/v1/query' })).headers['access-control-allow-origin']).toBeUndefined()
    expect((await app.inject({ method: 'OPTIONS', url: '/api/v1/query', headers: { origin: 'http://x' } })).statusCode).toBe(204)
  })

  test('names the origin that matches, and no other', async () => {
    const { app } = server({ corsOrigin: 'https?://(a|b)\\.example' })
    app.get('/api/v1/query', async () => 'answer')
    const allowed = async (origin: string) =>
      (await app.inject({ url: '/api/v1/query', headers: { origin } })).headers['access-control-allow-origin']
    expect([await allowed('https://a.example'), await allowed('https://a.example.com')]).toEqual(['https://a.example', undefined])
  })
})

test('a client that promises a body and does not send it does not hold the server up', async () => {
  const one = server()
  one.app.post('/', async () => 'stored')
  const { port } = await one.listen()
  const request = sendRequest({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': '100' } })
  const broken = new Promise((resolve) => request.once('error', resolve))
  request.write('x')
  request.once('socket', (socket) => socket.once('connect', () => request.destroy()))
  await broken
  await one.close()
})
