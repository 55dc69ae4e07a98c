import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BodyBuffers } from './body-buffers.ts'
import { PlainResponse } from './plain-response.ts'

interface Read {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string
  readonly isDone: boolean
  readonly isKept: boolean
}

/** Hands an answer over in pieces of so many bytes. */
function read(text: string, step = text.length, bytesMax = 0): Read {
  const response = new PlainResponse(new BodyBuffers())
  response.bytesMax = bytesMax
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += step) response.take(Buffer.from(bytes.subarray(at, at + step)))
  const { status, headers, isDone, isKept } = response
  return { status, headers: { ...headers }, body: Buffer.from(response.body).toString('latin1'), isDone, isKept }
}

/** Every way to cut it comes to the same. */
function readAll(text: string): Read {
  const whole = read(text)
  for (const step of [1, 2, 3, 7, 20]) expect(read(text, step)).toEqual(whole)
  return whole
}

describe('an answer', () => {
  test('with a length', () => {
    const answer = readAll('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nup 1\n')
    expect(answer).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain', 'content-length': '5' },
      body: 'up 1\n',
      isDone: true,
      isKept: true,
    })
  })

  test('in chunks, with extensions and trailers', () => {
    const body = '3;q="a"\r\nup \r\n00A\r\n1\ndown 0\n3\r\n0\r\nX-Sum: 1\r\n\r\n'
    expect(readAll(`HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n${body}`)).toMatchObject({
      body: 'up 1\ndown 0\n3',
      isDone: true,
      isKept: true,
    })
  })

  test('that ends with the connection', () => {
    const response = new PlainResponse(new BodyBuffers())
    response.take(Buffer.from('HTTP/1.1 200 OK\r\n\r\nup 1\n'))
    expect([response.hasHead, response.isDone, response.isKept]).toEqual([true, false, false])
    expect(response.end()).toBe(true)
    expect(Buffer.from(response.body).toString()).toBe('up 1\n')
  })

  test('that breaks off is not ended by the connection', () => {
    const response = new PlainResponse(new BodyBuffers())
    response.take(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nup 1\n'))
    expect(response.end()).toBe(false)
  })

  test.each([204, 304])('%i has no body, whatever its headers say', (status) => {
    expect(readAll(`HTTP/1.1 ${status} Fine\r\ncontent-length: 10\r\n\r\n`)).toMatchObject({ status, body: '', isDone: true, isKept: true })
  })

  test('comes after informational ones', () => {
    const answer = readAll('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx')
    expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '1' }, body: 'x' })
  })

  test('may end its lines without a return, fold headers, repeat them and leave the reason out', () => {
    const answer = readAll('HTTP/1.1 200\nX-A: 1\nx-a: 2 \nX-B: one\n  two\ncontent-length: 2, 2\n\nok')
    expect(answer).toMatchObject({ headers: { 'x-a': '1, 2', 'x-b': 'one two' }, body: 'ok', isDone: true })
  })

  test.each([
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.1', 'keep-alive', true],
    ['HTTP/1.0', 'keep-alive', true],
    ['HTTP/1.0', 'x', false],
  ])('of %s with connection: %s tells whether the connection stays', (version, connection, isKept) => {
    expect(readAll(`${version} 200 OK\r\nconnection: ${connection}\r\ncontent-length: 0\r\n\r\n`)).toMatchObject({ isDone: true, isKept })
  })
})

describe('what is refused', () => {
  const head = 'HTTP/1.1 200 OK\r\n'
  test.each([
    ['SSH-2.0-OpenSSH_9.2\r\n\r\n', 'malformed HTTP response "SSH-2.0-OpenSSH_9.2"'],
    [`${head}no header\r\n\r\n`, 'malformed MIME header line: no header'],
    [`${head}content-length: 1, 2\r\n\r\n`, 'bad Content-Length "1, 2"'],
    [`${head}content-length: -1\r\n\r\n`, 'bad Content-Length "-1"'],
    [`${head}transfer-encoding: gzip\r\n\r\n`, 'unsupported transfer encoding: "gzip"'],
    [`${head}transfer-encoding: chunked\r\n\r\nxyz\r\n`, 'invalid byte in chunk length'],
    [`${head}transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n`, 'malformed chunked encoding'],
    [`${head}content-length: 1\r\n\r\nab`, 'unexpected bytes behind the answer'],
    [`${head}x: ${'y'.repeat(20_000)}`, 'server response headers exceeded 16384 bytes; aborted'],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'unexpected switch of protocols'],
  ])('%j', (text, message) => {
    for (const step of [text.length, 1]) expect(() => read(text, step)).toThrow(`transport connection broken: ${message}`)
  })

  test('a body over the limit, as soon as it is over; gzip may be a little longer than what is in it', () => {
    const sized = (headers: string, length: number) => `${head}${headers}content-length: 100000\r\n\r\n${'x'.repeat(length)}`
    expect(() => read(sized('', 11), 50, 10)).toThrow('body size limit exceeded')
    expect(read(sized('content-encoding: gzip\r\n', 1034), 50, 10).isDone).toBe(false)
    expect(() => read(sized('content-encoding: gzip\r\n', 1035), 50, 10)).toThrow('body size limit exceeded')
  })
})

test('a length that is announced takes memory only as bytes come', () => {
  const response = new PlainResponse(new BodyBuffers())
  response.take(Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 900000000000000\r\n\r\nx'))
  expect(response.body.buffer.byteLength).toBeLessThan(2 ** 21)
})

test('any bytes do, also packed ones', () => {
  const packed = gzipSync('up 1\n'.repeat(10_000)).toString('latin1')
  const answer = readAll(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n${packed}`)
  expect(answer.body).toBe(packed)
})
