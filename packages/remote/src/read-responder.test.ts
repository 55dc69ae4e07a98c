import { isStaleAt, Labels, Matcher } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createRegistry } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { type ReadQuery, writeReadRequest } from './read-request.ts'
import { createReadResponder, type ReadResponderOptions } from './read-responder.ts'
import { parseReadResponse } from './read-response.ts'
import { decodeSnappy, encodeSnappy } from './snappy.ts'

const up = (...more: Matcher[]): ReadQuery => ({ matchers: [new Matcher('__name__', '=', 'up'), ...more], from: 0, to: 1000, func: '' })

async function open(options: Partial<ReadResponderOptions> = {}) {
  const store = new MemoryStore()
  await using appender = store.appender()
  for (const instance of ['a', 'b']) {
    const ref = appender.series(Labels.of({ __name__: 'up', instance }))
    for (const [at, value] of [[-5, 1] as const, [0, 0.1] as const, [500, Number.NaN] as const]) appender.append(ref, at, value)
    appender.appendStale(ref, 1000)
  }
  await appender.commit()
  return createReadResponder({ queryable: store, externalLabels: () => Labels.empty, registry: createRegistry(), ...options })
}

type Respond = Awaited<ReturnType<typeof open>>

async function textOf(respond: Respond, body: Uint8Array) {
  const answer = await respond(body)
  return answer.status === 200 ? 'an answer' : `${answer.status} ${answer.text}`
}

async function read(respond: Respond, queries: readonly ReadQuery[]) {
  const answer = await respond(encodeSnappy(writeReadRequest(queries)))
  if (answer.status !== 200) throw new Error(answer.text)
  const parts: Uint8Array[] = []
  for (let next = answer.pieces.next(); !next.done; next = answer.pieces.next()) parts.push(new Uint8Array(next.value))
  return parseReadResponse(decodeSnappy(Buffer.concat(parts), 1e6))
}

describe('the answering end of remote read', () => {
  test('gives the samples from start to end, bit by bit, for each query in its order', async () => {
    const respond = await open()
    const [first = [], second = []] = await read(respond, [up(), up(new Matcher('instance', '!~', 'a'))])
    expect(first.map(({ labels }) => labels.get('instance'))).toEqual(['a', 'b'])
    expect(second.map(({ labels }) => labels.get('instance'))).toEqual(['b'])
    const [{ times, values } = { times: [], values: new Float64Array() }] = first
    expect([...times]).toEqual([0, 500, 1000])
    expect([...values.subarray(0, 2)]).toEqual([0.1, Number.NaN])
    expect([isStaleAt(values, 1), isStaleAt(values, 2)]).toEqual([false, true])
  })

  test('gives labels alone to who asks for series', async () => {
    const [found = []] = await read(await open(), [{ ...up(), func: 'series' }])
    expect(found.map(({ labels, times }) => [labels.get('instance'), times.length])).toEqual([
      ['a', 0],
      ['b', 0],
    ])
  })

  test('says external labels with every series, and takes matchers for them as fulfilled', async () => {
    const respond = await open({ externalLabels: () => Labels.of({ cluster: 'lab', instance: 'of the server' }) })
    const [found = []] = await read(respond, [up(new Matcher('cluster', '=', 'lab'))])
    expect(found.map(({ labels }) => labels.toString())).toEqual([
      '{__name__="up", cluster="lab", instance="a"}',
      '{__name__="up", cluster="lab", instance="b"}',
    ])
    expect(await read(respond, [up(new Matcher('cluster', '=', 'shop'))])).toEqual([[]])
  })

  test('refuses more samples than it may return', async () => {
    const respond = await open({ samplesMax: 5 })
    expect(await textOf(respond, encodeSnappy(writeReadRequest([up()])))).toBe('400 exceeded sample limit (5)\n')
    expect(await read(respond, [up(new Matcher('instance', '=', 'a'))])).toHaveLength(1)
    expect(await read(await open({ samplesMax: 0 }), [up()])).toHaveLength(1)
  })

  test('refuses what is no request, and says why', async () => {
    const respond = await open()
    expect(await textOf(respond, Buffer.from('x'))).toBe('400 snappy: corrupt input\n')
    expect(await textOf(respond, encodeSnappy(Buffer.from([0x0a, 0x05])))).toBe('400 unexpected EOF\n')
    // A matcher of type 2, a regular expression, with the value "(".
    const wrong = Buffer.from([0x0a, 0x09, 0x1a, 0x07, 0x08, 0x02, 0x12, 0x00, 0x1a, 0x01, 0x28])
    expect(await textOf(respond, encodeSnappy(wrong))).toMatch(/^400 .*missing closing \)/)
  })

  test('takes those who accept samples among others, and refuses those who accept only chunks', async () => {
    const respond = await open()
    expect(await textOf(respond, encodeSnappy(Buffer.from([0x12, 0x02, 0x01, 0x00])))).toBe('an answer')
    expect(await textOf(respond, encodeSnappy(Buffer.from([0x10, 0x01])))).toBe(
      '400 server does not support any of the requested response types: [STREAMED_XOR_CHUNKS]; supported: [SAMPLES]\n',
    )
  })
})
