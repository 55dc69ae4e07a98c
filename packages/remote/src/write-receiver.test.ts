import { type Appendable, type Appender, type CommitOptions, type Histogram, isStaleAt, Labels, Matcher, staleColumn } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { outgoingSeries, Portion } from './outgoing.ts'
import { encodeSnappy } from './snappy.ts'
import { WireWriter } from './wire-writer.ts'
import { createWriteReceiver } from './write-receiver.ts'
import { writeV1 } from './write-v1.ts'
import { writeV2 } from './write-v2.ts'

const TYPES = {
  1: 'application/x-protobuf',
  2: 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
} as const

type Sample = readonly [labels: Record<string, string>, at: number, value: number]

function portionOf(samples: readonly Sample[]): Portion {
  const portion = new Portion(samples.length)
  for (const [labels, at, value] of samples) portion.addSample(outgoingSeries(Labels.of(labels)), at, Float64Array.of(value), 0)
  return portion
}

function bodyOf(portion: Portion, version: 1 | 2 = 1): Uint8Array {
  const content = { slices: [{ portion, from: 0, to: portion.size }], metadata: new Map() }
  return encodeSnappy(version === 1 ? writeV1(content) : writeV2(content))
}

function receiver(appendable: Appendable = new MemoryStore()) {
  const receive = createWriteReceiver({ appendable, logger: silentLogger, registry: createRegistry() })
  return (body: Uint8Array, headers: Record<string, string> = {}) =>
    receive({ headers: { 'content-type': TYPES[1], 'content-encoding': 'snappy', ...headers }, body })
}

async function stored(store: MemoryStore, matcher: Matcher = new Matcher('__name__', '=~', '.+')) {
  const [series = []] = await store.select([{ matchers: [matcher], from: -Infinity, to: Infinity }])
  return series
}

const up = { __name__: 'up', job: 'node', instance: 'web-1:9100' }

const emptyHistogram: Histogram = {
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: new Float64Array(0),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  counterResetHint: 'unknown',
  float: false,
}

for (const version of [1, 2] as const) {
  const headers = { 'content-type': TYPES[version] }
  describe(`remote write ${version}.0`, () => {
    test('stores samples bit by bit, whatever their value and time', async () => {
      const store = new MemoryStore()
      const values = [0, -0, 1, 123.45, Number.NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE]
      const times = [-(2 ** 52), -(2 ** 31), -1, 0, 1, 127, 2 ** 31, 2 ** 41, 2 ** 52]
      const answer = await receiver(store)(
        bodyOf(portionOf(values.map((value, index) => [up, times[index] as number, value])), version),
        headers,
      )
      expect([answer.status, answer.body]).toEqual([204, ''])
      const [series] = await stored(store)
      expect(series?.labels.toString()).toBe('{__name__="up", instance="web-1:9100", job="node"}')
      expect([...(series?.times ?? [])]).toEqual(times)
      expect([...(series?.values ?? [])]).toEqual(values)
    })

    test('keeps the bits of a stale marker', async () => {
      const store = new MemoryStore()
      const portion = new Portion(1)
      portion.addSample(outgoingSeries(Labels.of(up)), 1000, staleColumn(1), 0)
      expect((await receiver(store)(bodyOf(portion, version), headers)).status).toBe(204)
      const [series] = await stored(store)
      expect(isStaleAt(series?.values as Float64Array, 0)).toBe(true)
    })

    test(`${version === 1 ? 'has no place for' : 'stores'} start timestamps`, async () => {
      const store = new MemoryStore()
      const portion = new Portion(2)
      const series = outgoingSeries(Labels.of(up))
      portion.addSample(series, 1000, Float64Array.of(7), 0, 400)
      portion.addSample(series, 2000, Float64Array.of(8), 0)
      portion.histograms.push({ series, at: 3000, histogram: emptyHistogram, startAt: 500 })
      expect(await receiver(store)(bodyOf(portion, version), headers)).toMatchObject({ status: 204 })
      const [found] = await stored(store)
      expect([...(found?.times ?? [])]).toEqual([1000, 2000, 3000])
      expect(found?.startTimes && [...found.startTimes]).toEqual(version === 1 ? undefined : [400, 0, 500])
    })

    test('stores native histograms of all kinds', async () => {
      const whole: Histogram = {
        schema: 3,
        zeroThreshold: 0.001,
        zeroCount: 2,
        count: 17,
        sum: 12.5,
        positiveSpans: [
          { offset: -4, length: 2 },
          { offset: 3, length: 1 },
        ],
        positiveBuckets: Float64Array.of(1, 5, 2),
        negativeSpans: [{ offset: 0, length: 2 }],
        negativeBuckets: Float64Array.of(4, 3),
        counterResetHint: 'not-reset',
        float: false,
      }
      const fractions: Histogram = {
        ...whole,
        float: true,
        count: 8.75,
        zeroCount: 0.5,
        positiveBuckets: Float64Array.of(1.5, 0.25, 3),
        counterResetHint: 'gauge',
      }
      const custom: Histogram = {
        ...whole,
        schema: -53,
        zeroThreshold: 0,
        zeroCount: 0,
        count: 6,
        positiveSpans: [{ offset: 0, length: 3 }],
        positiveBuckets: Float64Array.of(1, 2, 3),
        negativeSpans: [],
        negativeBuckets: new Float64Array(0),
        customValues: Float64Array.of(0.1, 1),
        counterResetHint: 'unknown',
      }
      const store = new MemoryStore()
      const portion = new Portion(0)
      const series = outgoingSeries(Labels.of({ __name__: 'latency_seconds' }))
      for (const [index, histogram] of [whole, fractions, custom].entries())
        portion.histograms.push({ series, at: 1000 + index, histogram, startAt: 0 })
      expect(await receiver(store)(bodyOf(portion, version), headers)).toMatchObject({ status: 204 })
      expect((await stored(store))[0]?.histograms).toEqual([whole, fractions, custom])
    })

    test('refuses a histogram that does not add up and stores the rest', async () => {
      const store = new MemoryStore()
      const portion = portionOf([[up, 1000, 1]])
      const histogram: Histogram = {
        schema: 0,
        zeroThreshold: 0,
        zeroCount: 0,
        count: 99,
        sum: 1,
        positiveSpans: [{ offset: 0, length: 1 }],
        positiveBuckets: Float64Array.of(3),
        negativeSpans: [],
        negativeBuckets: new Float64Array(0),
        counterResetHint: 'unknown',
        float: false,
      }
      portion.histograms.push({ series: outgoingSeries(Labels.of({ __name__: 'latency_seconds' })), at: 1000, histogram, startAt: 0 })
      const answer = await receiver(store)(bodyOf(portion, version), headers)
      expect(answer.status).toBe(400)
      expect(answer.body).toContain('3 observations found in buckets, but the Count field is 99')
      expect(await stored(store)).toHaveLength(1)
    })

    test('stores exemplars with their labels', async () => {
      const store = new MemoryStore()
      const portion = portionOf([[up, 1000, 1]])
      const exemplar = { labels: Labels.of({ trace_id: 'äöü-1' }), value: 0.5, at: 999 }
      portion.exemplars.push({ series: outgoingSeries(Labels.of(up)), exemplar })
      expect((await receiver(store)(bodyOf(portion, version), headers)).status).toBe(204)
      expect(store.exemplars).toEqual([{ labels: Labels.of(up), exemplar }])
    })

    test('stores metadata', async () => {
      const store = new MemoryStore()
      const portion = portionOf([[{ __name__: 'latency_seconds_bucket', le: '1' }, 1000, 1]])
      const metadata = new Map([['latency_seconds', { type: 'histogram', help: 'Latency.\nIn seconds.', unit: 'seconds' } as const]])
      const content = { slices: [{ portion, from: 0, to: portion.size }], metadata }
      await receiver(store)(encodeSnappy(version === 1 ? writeV1(content) : writeV2(content)), headers)
      expect(store.metadata).toEqual(metadata)
    })

    test('stores the good samples of a request and names the rest', async () => {
      const store = new MemoryStore()
      const receive = receiver(store)
      const other = { ...up, instance: 'web-2:9100' }
      await receive(bodyOf(portionOf([[up, 2000, 1]]), version), headers)
      const answer = await receive(
        bodyOf(
          portionOf([
            [up, 1000, 1],
            [up, 2000, 2],
            [{ job: 'node' }, 3000, 1],
            [other, 3000, 1],
          ]),
          version,
        ),
        headers,
      )
      expect(answer.status).toBe(400)
      expect(answer.body.split('\n')).toEqual([
        'out of order sample (1 refused)',
        'duplicate sample for timestamp (1 refused)',
        'invalid metric name or labels, got {job="node"}',
        '',
      ])
      expect((await stored(store)).map(({ labels, times }) => [labels.get('instance'), ...times])).toEqual([
        ['web-1:9100', 2000],
        ['web-2:9100', 3000],
      ])
      if (version === 2) expect(answer.headers).toMatchObject({ 'x-prometheus-remote-write-samples-written': '1' })
    })

    test('takes any bytes or refuses them with 400, nothing else', async () => {
      const receive = receiver()
      const good = bodyOf(portionOf([[up, 1000, 1]]), version)
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
          expect([204, 400]).toContain((await receive(encodeSnappy(bytes), headers)).status)
        }),
        { numRuns: 2_000 },
      )
      await fc.assert(
        fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
          const broken = Uint8Array.from(good)
          broken[at] = byte
          expect([204, 400]).toContain((await receive(broken, headers)).status)
        }),
        { numRuns: 2_000 },
      )
    })
  })
}

describe('the labels of a series', () => {
  /** A 1.0 request with labels as they are given, in their order. */
  function withLabels(pairs: readonly (readonly [name: string | Buffer, value: string | Buffer])[], late = false): Uint8Array {
    const series = new WireWriter()
    const sample = Buffer.from([0x12, 0x03, 0x10, 0xe8, 0x07])
    if (late) series.raw(sample)
    for (const [name, value] of pairs) {
      const label = new WireWriter()
      label.field(0x0a, Buffer.from(name))
      label.field(0x12, Buffer.from(value))
      series.field(0x0a, label.bytes())
    }
    if (!late) series.raw(sample)
    const message = new WireWriter()
    message.field(0x0a, series.bytes())
    return encodeSnappy(message.bytes())
  }

  const refused = (what: string, pairs: [string | Buffer, string | Buffer][], text: string) =>
    test(`${what} are refused`, async () => {
      const answer = await receiver()(withLabels(pairs))
      expect([answer.status, answer.body]).toEqual([400, `${text}\n`])
    })
  refused('without a name', [['job', 'node']], 'invalid metric name or labels, got {job="node"}')
  refused('with an empty metric name', [['__name__', '']], 'invalid metric name or labels, got {__name__=""}')
  refused(
    'with an empty label name',
    [
      ['__name__', 'up'],
      ['', 'x'],
    ],
    'invalid metric name or labels, got {""="x", __name__="up"}',
  )
  refused(
    'that are no UTF-8',
    [
      ['__name__', 'up'],
      ['job', Buffer.from([0xff])],
    ],
    'invalid metric name or labels, got {__name__="up", job="\ufffd"}',
  )
  refused(
    'with a name twice',
    [
      ['__name__', 'up'],
      ['job', 'a'],
      ['job', 'b'],
    ],
    'invalid labels for series, labels {__name__="up", job="a", job="b"}, duplicated label job',
  )

  const accepted = (what: string, body: Uint8Array, labels: string) =>
    test(`${what} are taken`, async () => {
      const store = new MemoryStore()
      expect(await receiver(store)(body)).toMatchObject({ status: 204 })
      expect((await stored(store))[0]?.labels.toString()).toBe(labels)
    })
  accepted(
    'out of order',
    withLabels([
      ['job', 'node'],
      ['__name__', 'up'],
    ]),
    '{__name__="up", job="node"}',
  )
  accepted(
    'with empty values',
    withLabels([
      ['__name__', 'up'],
      ['job', ''],
    ]),
    '{__name__="up"}',
  )
  accepted(
    'after the samples',
    withLabels(
      [
        ['__name__', 'up'],
        ['job', 'node'],
      ],
      true,
    ),
    '{__name__="up", job="node"}',
  )
  accepted(
    'with a replacement character',
    withLabels([
      ['__name__', 'up'],
      ['job', 'a\ufffd'],
    ]),
    '{__name__="up", job="a\ufffd"}',
  )
})

describe('a request', () => {
  const body = bodyOf(portionOf([[up, 1000, 1]]))
  const answers = (what: string, headers: Record<string, string>, status: number, text: string) =>
    test(`with ${what} is ${status}`, async () => {
      const answer = await receiver()(body, headers)
      expect([answer.status, answer.body]).toEqual([status, text])
    })
  answers('neither type nor encoding', { 'content-type': '', 'content-encoding': '' }, 204, '')
  answers('the type of 1.0 in full', { 'content-type': 'application/x-protobuf; proto=prometheus.WriteRequest' }, 204, '')
  answers(
    'another type',
    { 'content-type': 'application/json' },
    415,
    'expected application/x-protobuf as the first (media) part, got application/json content-type\n',
  )
  answers(
    'an unknown message',
    { 'content-type': 'application/x-protobuf;proto=x.Y' },
    415,
    'got application/x-protobuf;proto=x.Y content type; unknown type for remote write protobuf message x.Y, ' +
      'supported: prometheus.WriteRequest, io.prometheus.write.v2.Request\n',
  )
  answers(
    'another encoding',
    { 'content-encoding': 'gzip' },
    415,
    'gzip encoding (compression) is not accepted by this server; only snappy is acceptable\n',
  )

  test('that is no snappy is 400', async () => {
    expect(await receiver()(Buffer.from([0xff, 1, 2]))).toMatchObject({ status: 400, body: 'snappy: corrupt input\n' })
    expect(await receiver()(new Uint8Array(0))).toMatchObject({ status: 400, body: 'snappy: corrupt input\n' })
  })

  test('that is cut off in the message is 400 and stores nothing', async () => {
    const store = new MemoryStore()
    const message = writeV1({
      slices: [
        {
          portion: portionOf([
            [up, 1000, 1],
            [up, 2000, 1],
          ]),
          from: 0,
          to: 2,
        },
      ],
      metadata: new Map(),
    })
    expect(await receiver(store)(encodeSnappy(message.subarray(0, message.length - 3)))).toMatchObject({
      status: 400,
      body: 'unexpected EOF\n',
    })
    expect(await stored(store)).toEqual([])
  })

  test('that the store cannot take is 500', async () => {
    const store = new MemoryStore()
    const failing: Appendable = {
      appender: () => Object.assign(store.appender(), { commit: () => Promise.reject(new Error('disk full')) }),
    }
    expect(await receiver(failing)(body)).toMatchObject({ status: 500, body: 'disk full\n' })
  })
})

describe('series that come again', () => {
  /** Counts how often labels are resolved, and notes how many samples there are after each commit. */
  function watched(store: MemoryStore) {
    let resolved = 0
    const seen: number[] = []
    const appender = (): Appender => {
      const inner = store.appender()
      const series = inner.series.bind(inner)
      const commit = inner.commit.bind(inner)
      return Object.assign(inner, {
        series(labels: Labels) {
          resolved++
          return series(labels)
        },
        async commit(options?: CommitOptions) {
          const refusals = await commit(options)
          seen.push(store.stored.reduce((sum, { rows }) => sum + rows.length, 0))
          return refusals
        },
      })
    }
    return { appendable: { appender }, seen, resolved: () => resolved }
  }

  test('are resolved once', async () => {
    const { appendable, resolved } = watched(new MemoryStore())
    const receive = receiver(appendable)
    for (let at = 1; at <= 3; at++)
      await receive(
        bodyOf(
          portionOf([
            [up, at, 1],
            [up, at + 0.5, 1],
          ]),
        ),
      )
    expect(resolved()).toBe(1)
  })

  test('are resolved again when the store has forgotten them, and the request is stored as a whole', async () => {
    const store = new MemoryStore()
    const { appendable, resolved, seen } = watched(store)
    const receive = receiver(appendable)
    const other = { ...up, instance: 'web-2:9100' }
    const send = (at: number) =>
      receive(
        bodyOf(
          portionOf([
            [up, at, 1],
            [other, at, 2],
            [up, at + 1, 3],
          ]),
        ),
      )
    await send(1000)
    store.remove(Labels.of(up))
    expect(await send(2000)).toMatchObject({ status: 204, body: '' })
    expect(resolved()).toBe(3)
    // Of the request there was nothing or all to be seen.
    expect(seen).toEqual([3, 1, 4])
    expect((await stored(store)).map(({ labels, times }) => [labels.get('instance'), ...times])).toEqual([
      [up.instance, 2000, 2001],
      [other.instance, 1000, 2000],
    ])
  })

  test('and leave the store again and again are 500, since the sender comes again then', async () => {
    const store = new MemoryStore()
    const fleeting: Appendable = {
      appender() {
        const appender = store.appender()
        const commit = appender.commit.bind(appender)
        return Object.assign(appender, {
          commit(options?: CommitOptions) {
            store.remove(Labels.of(up))
            return commit(options)
          },
        })
      },
    }
    expect(await receiver(fleeting)(bodyOf(portionOf([[up, 1000, 1]])))).toMatchObject({
      status: 500,
      body: 'series leave the store while samples of them come in (1 did)\n',
    })
  })
})
