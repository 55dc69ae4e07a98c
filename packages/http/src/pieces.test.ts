import { connect } from 'node:net'
import { createRegistry, silentLogger, writeMetrics } from '@promlet/telemetry'
import { expect, test } from 'vitest'
import { sendPieces } from './pieces.ts'
import { createServer } from './server.ts'

const PIECE = 40_000

/** Pieces of one letter each, all in the same bytes: `a…`, `b…`, … */
function* letters(count: number): Generator<Uint8Array, void> {
  const bytes = new Uint8Array(PIECE)
  for (let index = 0; index < count; index++) yield bytes.fill(97 + (index % 26))
}

const expected = (count: number) =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(97 + (index % 26)).repeat(PIECE)).join('')

async function serve(pieces: () => Iterator<Uint8Array, void>, headers: Readonly<Record<string, string>> = {}) {
  const registry = createRegistry()
  const server = createServer({
    listenAddress: '127.0.0.1:0',
    name: 'prometheus',
    logger: silentLogger,
    registry,
    bodyBytesMax: 1_000_000,
    readTimeoutMs: 300_000,
    maxConnections: 512,
    corsOrigin: '.*',
  })
  server.app.get('/api/pieces', (_request, reply) => sendPieces(reply.type('application/json').headers(headers), pieces()))
  const { port } = await server.listen()
  return {
    port,
    get: (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/api/pieces`, { headers }),
    metrics: () => writeMetrics([registry]),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

test('pieces come as one body, with the headers of any answer, packed for who accepts that', async () => {
  for (const count of [0, 1, 2, 70]) {
    await using server = await serve(() => letters(count))
    for (const coding of ['identity', 'gzip']) {
      const answer = await server.get({ 'accept-encoding': coding, origin: 'http://dashboard' })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('content-encoding')).toBe(coding === 'gzip' && count > 0 ? 'gzip' : null)
      expect((await answer.text()) === expected(count)).toBe(true)
    }
  }
})

test('what is packed already is not packed again', async () => {
  for (const count of [1, 70]) {
    await using server = await serve(() => letters(count), { 'content-encoding': 'snappy' })
    const answer = await server.get({ 'accept-encoding': 'gzip' })
    expect(answer.headers.get('content-encoding')).toBe('snappy')
    expect((await answer.text()) === expected(count)).toBe(true)
  }
})

test('others have turns while a long answer goes out', async () => {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  const seen: number[] = []
  await using server = await serve(function* () {
    setImmediate(count)
    for (const piece of letters(40)) {
      seen.push(turns)
      yield piece
    }
  })
  await (await server.get({ 'accept-encoding': 'identity' })).text()
  isOver = true
  expect(seen.at(-1)).toBeGreaterThanOrEqual(3)
})

test('what went out in pieces is counted', async () => {
  await using server = await serve(() => letters(70))
  await (await server.get({ 'accept-encoding': 'identity' })).text()
  await expect.poll(() => server.metrics()).toContain(`prometheus_http_response_size_bytes_sum{handler="/api/pieces"} ${70 * PIECE}`)
})

test('nothing is written for a client that is gone', async () => {
  let isOver = false
  await using server = await serve(function* () {
    try {
      yield* letters(Infinity)
    } finally {
      isOver = true
    }
  })
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET /api/pieces HTTP/1.1\r\nhost: localhost\r\n\r\n')
  socket.once('data', () => socket.destroy())
  await expect.poll(() => isOver, { timeout: 20_000 }).toBe(true)
})

test('an answer that fails on its way is broken off, not ended', async () => {
  await using server = await serve(function* () {
    yield* letters(70)
    throw new Error('lost')
  })
  const answer = await server.get({ 'accept-encoding': 'identity' })
  await expect(answer.text()).rejects.toThrow()
})
