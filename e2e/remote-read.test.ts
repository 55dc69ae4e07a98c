// Remote read between us and the real Prometheus, each asking what the other stores: answers over remote read are those
// that the store's own server gives.

import { type Histogram, Labels } from '@promlet/model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPeer, freePort, type Running, run, until, untilOk } from './peer.ts'
import { makeFolder, type Server, serve } from './promlet.ts'
import { senderTo } from './remote-sender.ts'

const prometheus = findPeer('prometheus')
const now = Math.floor(Date.now() / 1000) * 1000
const QUERIES = [
  'http_requests_total',
  'max by (path) (max_over_time(http_requests_total[33s]))',
  'http_requests_total{path=~"/ä.*",instance!="web-3"} > 100',
  'gone',
  'absent(no_such_metric)',
]
/** What 2.42 computes otherwise, or cannot read from elsewhere: histograms. */
const NEW_QUERIES = ['sum by (path) (rate(http_requests_total[1m]))', 'latency', 'histogram_quantile(0.9, rate(latency[2m]))']

/** Counters with odd labels, a series that went stale, and native histograms, over three minutes. */
async function fill(url: string): Promise<void> {
  const remote = await senderTo(`${url}/api/v1/write`)
  for (let round = 0; round <= 12; round++) {
    await using appender = remote.appender()
    const at = now - (12 - round) * 15_000
    for (let index = 0; index < 20; index++) {
      const labels = Labels.of({ __name__: 'http_requests_total', instance: `web-${index}`, path: index % 2 === 0 ? '/' : '/äöü "x"\\' })
      appender.append(appender.series(labels), at, index * 100 + round / 3)
    }
    const gone = appender.series(Labels.of({ __name__: 'gone' }))
    if (round < 6) appender.append(gone, at, round)
    else if (round === 6) appender.appendStale(gone, at)
    appender.appendHistogram(appender.series(Labels.of({ __name__: 'latency' })), at, histogram(round))
    await appender.commit()
  }
  await remote.close()
}

const histogram = (round: number): Histogram => ({
  schema: 2,
  zeroThreshold: 0.001,
  zeroCount: round,
  count: 9 + 3 * round,
  sum: 12.5 + round,
  positiveSpans: [
    { offset: 1, length: 2 },
    { offset: 3, length: 1 },
  ],
  positiveBuckets: Float64Array.of(1 + round, 5, 3 + round),
  negativeSpans: [],
  negativeBuckets: new Float64Array(),
  counterResetHint: 'unknown',
  float: false,
})

async function startPrometheus(folder: ReturnType<typeof makeFolder>, config: string): Promise<Running & { readonly url: string }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = run(prometheus as string, [
    `--config.file=${folder.write(`${port}.yml`, config)}`,
    `--storage.tsdb.path=${folder.path}/${port}`,
    '--web.enable-remote-write-receiver',
    '--enable-feature=native-histograms',
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  await untilOk(`${url}/-/ready`)
  return { ...running, url }
}

const readFrom = (url: string) => `{url: "${url}/api/v1/read", read_recent: true}`

interface Answer {
  readonly data?: { readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[] }
  readonly warnings?: readonly string[]
}

async function ask(url: string, query: string): Promise<Answer> {
  const span = { start: String((now - 180_000) / 1000), end: String(now / 1000), step: '20' }
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body: new URLSearchParams({ query, ...span }) })
  return (await response.json()) as Answer
}

/** The series in an order of their own, as 2.42 gives them in another one after merging. */
async function answerOf(url: string, query: string): Promise<unknown> {
  const { data, warnings = [] } = await ask(url, query)
  const keyed = (data?.result ?? []).map((series) => [Labels.of(series.metric).key, series] as const)
  return { series: keyed.sort(([left], [right]) => (left < right ? -1 : 1)), warnings }
}

describe.skipIf(prometheus === undefined)('remote read', () => {
  const folder = makeFolder()
  let stored: Server
  let reading: Running & { readonly url: string }
  let peer: Running & { readonly url: string }
  let merged: Server
  let chained: Server

  beforeAll(async () => {
    const empty = folder.write('empty.yml', '')
    stored = await serve(
      ['tsdb'],
      [`--config.file=${empty}`, `--storage.tsdb.path=${folder.path}/stored`, '--web.enable-remote-write-receiver'],
    )
    reading = await startPrometheus(folder, `remote_read: [${readFrom(stored.url)}]\n`)
    peer = await startPrometheus(folder, '')
    const config = folder.write('merged.yml', `remote_read: [${readFrom(peer.url)}]\n`)
    merged = await serve(['tsdb'], [`--config.file=${config}`, '--storage.tsdb.path=:memory:', '--web.enable-lifecycle'])
    const chain = folder.write('chain.yml', `remote_read: [${readFrom(stored.url)}]\n`)
    chained = await serve(['tsdb'], [`--config.file=${chain}`, '--storage.tsdb.path=:memory:'])
    await fill(stored.url)
    await fill(peer.url)
  })

  afterAll(async () => {
    for (const running of [stored, reading, peer, merged, chained]) await running?.stop()
    folder[Symbol.dispose]()
  })

  test.for(QUERIES)('a Prometheus that reads here answers as we do: %s', async (query) => {
    expect(await answerOf(reading.url, query)).toEqual(await answerOf(stored.url, query))
  })

  test.for(QUERIES)('we answer from a Prometheus as it does: %s', async (query) => {
    expect(await answerOf(merged.url, query)).toEqual(await answerOf(peer.url, query))
  })

  test.for([...QUERIES, ...NEW_QUERIES])('we answer from another of us as it does: %s', async (query) => {
    expect(await answerOf(chained.url, query)).toEqual(await answerOf(stored.url, query))
  })

  test('series are found at the other server too', async () => {
    const asked = await fetch(`${merged.url}/api/v1/series?${new URLSearchParams({ 'match[]': '{path="/",instance=~"web-[02]"}' })}`)
    expect(((await asked.json()) as { data: unknown }).data).toEqual([
      { __name__: 'http_requests_total', cluster: 'e2e', instance: 'web-0', path: '/' },
      { __name__: 'http_requests_total', cluster: 'e2e', instance: 'web-2', path: '/' },
    ])
  })

  test('a server that is away is a warning; a reload takes it out and in', async () => {
    const away = `http://127.0.0.1:${await freePort()}`
    const reload = async (config: string) => {
      folder.write('merged.yml', config)
      expect((await fetch(`${merged.url}/-/reload`, { method: 'POST' })).status).toBe(200)
    }
    await reload(`remote_read: [${readFrom(away)}, ${readFrom(peer.url)}]\n`)
    const { data, warnings } = await ask(merged.url, 'gone')
    expect(data?.result).toHaveLength(1)
    expect(warnings).toEqual([
      expect.stringMatching(/^remote_read: error sending request: Post "http.*": dial tcp .*: connection refused$/),
    ])
    await reload('')
    expect(await ask(merged.url, 'gone')).toMatchObject({ data: { result: [] } })
    await reload(`remote_read: [${readFrom(peer.url)}]\n`)
    await until(async () => (await ask(merged.url, 'gone')).data?.result.length === 1, 'the series to be read again')
  })
})
