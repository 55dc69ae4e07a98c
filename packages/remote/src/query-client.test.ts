import { type HttpClientFactory, HttpError, type HttpRequest } from '@promlet/http'
import { allBuckets, type Histogram, QueryError } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { createQueryClient } from './query-client.ts'

function server(answer: unknown, status = 200) {
  const requests: HttpRequest[] = []
  const httpClient: HttpClientFactory = () => ({
    async request(request) {
      requests.push(request)
      if (answer instanceof Error) throw answer
      return { status, headers: {}, body: Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)) }
    },
    async close() {},
  })
  return { client: createQueryClient({ url: 'http://tsdb:9090/prometheus/', httpClient }), requests }
}

const success = (resultType: string, result: unknown, more = {}) => ({ status: 'success', data: { resultType, result }, ...more })

describe('a question', () => {
  test('at one time is a form posted to /api/v1/query', async () => {
    const { client, requests } = server(success('vector', []))
    await client.instant('rate(http_requests_total{job="a b"}[5m])', 1_700_000_000_123, { timeoutMs: 10_000, lookbackMs: 60_000 })
    const [request] = requests
    expect(request).toMatchObject({
      method: 'POST',
      url: 'http://tsdb:9090/prometheus/api/v1/query',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      timeoutMs: 15_000,
    })
    expect(Object.fromEntries(new URLSearchParams(Buffer.from(request?.body ?? []).toString()))).toEqual({
      query: 'rate(http_requests_total{job="a b"}[5m])',
      time: '1700000000.123',
      timeout: '10s',
      lookback_delta: '60s',
    })
  })

  test('over a range is one to /api/v1/query_range', async () => {
    const { client, requests } = server(success('matrix', []))
    await client.range('up', 1_000, 61_000, 15_000)
    expect(requests[0]?.url).toBe('http://tsdb:9090/prometheus/api/v1/query_range')
    expect(Object.fromEntries(new URLSearchParams(Buffer.from(requests[0]?.body ?? []).toString()))).toMatchObject({
      query: 'up',
      start: '1',
      end: '61',
      step: '15',
    })
  })
})

describe('an answer', () => {
  const instant = (answer: unknown, status = 200) => server(answer, status).client.instant('up', 0)

  test('is a vector', async () => {
    const answer = await instant(
      success(
        'vector',
        [
          { metric: { __name__: 'up', job: 'node' }, value: [1700000000.123, '1'] },
          { metric: {}, value: [1700000000.123, '-Inf'] },
        ],
        { warnings: ['careful'], infos: ['by the way'] },
      ),
    )
    expect(answer).toMatchObject({ warnings: ['careful'], infos: ['by the way'], value: { kind: 'vector' } })
    const samples = answer.value.kind === 'vector' ? answer.value.samples : []
    expect(samples.map(({ labels, at, value }) => [labels.toString(), at, value])).toEqual([
      ['{__name__="up", job="node"}', 1_700_000_000_123, 1],
      ['{}', 1_700_000_000_123, -Infinity],
    ])
  })

  test('is a matrix', async () => {
    const answer = await instant(
      success('matrix', [
        {
          metric: { job: 'node' },
          values: [
            [1, '0.5'],
            [16, 'NaN'],
            [31.5, '+Inf'],
          ],
        },
      ]),
    )
    const [series] = answer.value.kind === 'matrix' ? answer.value.series : []
    expect([[...(series?.times ?? [])], [...(series?.values ?? [])]]).toEqual([
      [1_000, 16_000, 31_500],
      [0.5, Number.NaN, Infinity],
    ])
  })

  test('is a scalar or a string', async () => {
    expect((await instant(success('scalar', [1, '42']))).value).toEqual({ kind: 'scalar', at: 1_000, value: 42 })
    expect((await instant(success('string', [1, 'text']))).value).toEqual({ kind: 'string', at: 1_000, value: 'text' })
  })

  test('has floats and histograms of one series in order of time', async () => {
    const histogram = { count: '2', sum: '3', buckets: [[0, '1', '2', '2']] }
    const answer = await instant(
      success('matrix', [
        {
          metric: {},
          values: [
            [1, '5'],
            [3, '6'],
          ],
          histograms: [[2, histogram]],
        },
      ]),
    )
    const [series] = answer.value.kind === 'matrix' ? answer.value.series : []
    expect([...(series?.times ?? [])]).toEqual([1_000, 2_000, 3_000])
    expect(series?.histograms?.map((one) => one?.count)).toEqual([undefined, 2, undefined])
  })
})

describe('a native histogram comes back', () => {
  const base: Histogram = {
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 1.5,
    positiveSpans: [],
    positiveBuckets: new Float64Array(0),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    counterResetHint: 'unknown',
    float: true,
  }
  /** As Prometheus prints it. */
  const json = (histogram: Histogram) => ({
    count: String(histogram.count),
    sum: String(histogram.sum),
    buckets: allBuckets(histogram).map(({ lower, upper, lowerInclusive, upperInclusive, count }) => [
      lowerInclusive ? (upperInclusive ? 3 : 1) : upperInclusive ? 0 : 2,
      String(lower).replace(/^Inf/, '+Inf').replace('Infinity', 'Inf'),
      upper === Infinity ? '+Inf' : String(upper),
      String(count),
    ]),
  })
  const same = (what: string, histogram: Histogram) =>
    test(`with ${what}`, async () => {
      const { client } = server(success('vector', [{ metric: {}, histogram: [1, json(histogram)] }]))
      const answer = await client.instant('x', 0)
      const [sample] = answer.value.kind === 'vector' ? answer.value.samples : []
      expect(sample?.histogram).toEqual(histogram)
    })

  same('nothing in it', base)
  same('buckets on both sides of zero', {
    ...base,
    count: 20,
    zeroThreshold: 0.001,
    zeroCount: 3,
    positiveSpans: [
      { offset: -3, length: 2 },
      { offset: 4, length: 1 },
    ],
    positiveBuckets: Float64Array.of(1, 2, 3),
    negativeSpans: [{ offset: 2, length: 2 }],
    negativeBuckets: Float64Array.of(5, 6),
  })
  for (const schema of [-4, -1, 0, 1, 3, 8]) {
    same(`schema ${schema}`, {
      ...base,
      schema,
      count: 6,
      positiveSpans: [{ offset: 1, length: 3 }],
      positiveBuckets: Float64Array.of(1, 2, 3),
    })
  }
  same('custom buckets', {
    ...base,
    schema: -53,
    count: 6,
    positiveSpans: [{ offset: 0, length: 4 }],
    positiveBuckets: Float64Array.of(1, 2, 2, 1),
    customValues: Float64Array.of(0.1, 0.5, 2.5),
  })
})

describe('a failure', () => {
  const fails = (what: string, answer: unknown, status: number, code: QueryError['code'], message: string) =>
    test(`${what} is ${code}`, async () => {
      await expect(server(answer, status).client.instant('up', 0)).rejects.toEqual(new QueryError(code, message))
    })
  const error = (errorType: string, text: string) => ({ status: 'error', errorType, error: text })
  fails(
    'of parsing',
    error('bad_data', 'invalid parameter "query": 1:1: parse error'),
    400,
    'bad_data',
    'invalid parameter "query": 1:1: parse error',
  )
  fails('of evaluation', error('execution', 'found duplicate series'), 422, 'execution', 'found duplicate series')
  fails(
    'by timeout',
    error('timeout', 'query timed out in expression evaluation'),
    503,
    'timeout',
    'query timed out in expression evaluation',
  )
  fails('by cancelling', error('canceled', 'query was canceled'), 499, 'canceled', 'query was canceled')
  fails('of a kind that is not ours', error('unavailable', 'TSDB not ready'), 503, 'internal', 'TSDB not ready')
  fails('without JSON', '404 page not found\n', 404, 'internal', 'server returned HTTP status 404: 404 page not found')
  fails('of the connection', new HttpError('connect', 'connection refused'), 0, 'internal', 'connection refused')
  fails('of time', new HttpError('timeout', 'context deadline exceeded'), 0, 'timeout', 'context deadline exceeded')
  fails('by the caller', new HttpError('aborted', 'context canceled'), 0, 'canceled', 'context canceled')
})
