import { QueryError } from '@promlet/model'
import { silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { bareServer } from '../../test/lab.ts'
import { ApiError, answer, type ErrorType, type Handler } from './answer.ts'

async function answerOf(handler: Handler) {
  const app = bareServer()
  app.get('/', answer(handler, silentLogger))
  const { statusCode, headers, body } = await app.inject({ method: 'GET', url: '/' })
  return { status: statusCode, type: headers['content-type'], body }
}

describe('an answer', () => {
  test('has its data in the envelope, as text or in pieces', async () => {
    const body = '{"status":"success","data":["ü"]}'
    expect(await answerOf(() => ({ data: '["ü"]' }))).toEqual({ status: 200, type: 'application/json', body })
    expect(await answerOf(() => ({ data: [Buffer.from('["'), Buffer.from('ü"]')] }))).toEqual({
      status: 200,
      type: 'application/json',
      body,
    })
  })

  test('has warnings and infos behind its data', async () => {
    const { body } = await answerOf(() => ({ data: '1', warnings: ['cut'], infos: ['no counter', 'sorted'] }))
    expect(body).toBe('{"status":"success","data":1,"warnings":["cut"],"infos":["no counter","sorted"]}')
  })

  test('tells ten warnings and how many more there are', async () => {
    const warnings = Array.from({ length: 13 }, (_, index) => `warning ${index}`)
    const { body } = await answerOf(() => ({ data: '1', warnings }))
    expect(JSON.parse(body).warnings).toEqual([...warnings.slice(0, 10), '3 more warning annotations omitted'])
  })

  test('of many megabytes is whole, though it goes out in pieces', async () => {
    const data = Buffer.from(JSON.stringify('ü'.repeat(2_500_000)))
    function* pieces() {
      for (let at = 0; at < data.length; at += 100_001) yield data.subarray(at, at + 100_001)
    }
    const { status, type, body } = await answerOf(() => ({ data: pieces(), infos: ['long'] }))
    expect({ status, type }).toEqual({ status: 200, type: 'application/json' })
    expect(body === `{"status":"success","data":${data},"infos":["long"]}`).toBe(true)
  })

  test('without data is 204', async () => {
    expect(await answerOf(() => ({}))).toMatchObject({ status: 204, body: '' })
  })
})

describe('a failure', () => {
  const is = (code: ErrorType, status: number) =>
    test(`of kind ${code} is ${status}`, async () => {
      const handler = () => {
        throw new ApiError(code, 'no such thing')
      }
      const body = `{"status":"error","errorType":"${code}","error":"no such thing"}`
      expect(await answerOf(handler)).toEqual({ status, type: 'application/json', body })
    })
  is('bad_data', 400)
  is('not_found', 404)
  is('execution', 422)
  is('canceled', 499)
  is('internal', 500)
  is('unavailable', 500)
  is('timeout', 503)

  test('that nobody expected is internal', async () => {
    const { status, body } = await answerOf(async () => {
      throw new TypeError('x is undefined')
    })
    expect([status, JSON.parse(body)]).toEqual([500, { status: 'error', errorType: 'internal', error: 'x is undefined' }])
  })

  test('of a query says where it is wrong and how to mend it, also when a parameter is blamed', async () => {
    const cause = new QueryError('bad_data', '1:4: parse error', { position: { start: 3, end: 4 }, hint: 'close the brace' })
    const { body } = await answerOf(() => {
      throw new ApiError('bad_data', 'invalid parameter "query": 1:4: parse error', { cause })
    })
    expect(JSON.parse(body)).toMatchObject({ position: { start: 3, end: 4 }, hint: 'close the brace' })
  })

  test('of a query whose text is known shows the place', async () => {
    const options = { position: { start: 3, end: 3 }, hint: 'the query ends here; expected "}"' }
    const cause = new QueryError('bad_data', '1:4: parse error: unexpected end of input', options)
    const { body } = await answerOf(() => {
      throw new ApiError('bad_data', 'invalid parameter "query": 1:4: parse error', { cause, query: 'up{' })
    })
    const place = { line: 1, column: 4, found: '', expected: '"}"', excerpt: '1 | up{\n       ^' }
    expect(JSON.parse(body)).toMatchObject({ position: { ...options.position, ...place }, hint: options.hint })
  })
})
