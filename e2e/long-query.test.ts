import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Labels, systemClock } from '@promlet/model'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '@promlet/tsdb'
import { describe, expect, test } from 'vitest'
import { until } from './peer.ts'
import { type Folder, makeFolder, type Server, serve } from './promlet.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const SERIES = 200
const END = Math.floor(Date.now() / MINUTE) * MINUTE - 2 * MINUTE

/** Seconds of work: 200 series, 3,600 samples in each of 5,400 windows. */
const LONG = {
  query: 'sum(quantile_over_time(0.9, (queue_depth + 0)[1h:1s]))',
  start: `${(END - 90 * MINUTE) / 1000}`,
  end: `${END / 1000}`,
  step: '1',
}

/** Some hours of 200 series, which a server will find. */
async function fill(folder: Folder): Promise<string> {
  const path = join(folder.path, 'data')
  const store = await openStore({ path, clock: systemClock, logger: silentLogger, registry: createRegistry() })
  for (let at = END - 3 * HOUR; at <= END; at += MINUTE) {
    await using appender = store.appender()
    for (let index = 0; index < SERIES; index++) {
      appender.append(appender.series(Labels.of({ __name__: 'queue_depth', instance: `host-${index}` })), at, (index * at) % 101)
    }
    await appender.commit()
  }
  await store.close()
  return `--storage.tsdb.path=${path}`
}

interface Asked {
  readonly status: number
  readonly body: { readonly status: string; readonly error?: string; readonly errorType?: string; readonly data?: unknown }
}

async function ask(server: Server, path: string, params: Record<string, string>, signal?: AbortSignal): Promise<Asked> {
  const response = await fetch(`${server.url}/api/v1/${path}?${new URLSearchParams(params)}`, { signal: signal ?? null })
  return { status: response.status, body: (await response.json()) as Asked['body'] }
}

/** A gauge of the server's own `/metrics`. */
async function metric(server: Server, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
}

describe('while a long query runs', () => {
  test('scrapes go on and a cheap query is answered before it', async () => {
    using folder = makeFolder()
    const target = createServer((_, response) => response.setHeader('Content-Type', 'text/plain').end('a 1\n')).listen(0, '127.0.0.1')
    await once(target, 'listening')
    const { port } = target.address() as AddressInfo
    const config = folder.write(
      'prometheus.yml',
      `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: beat, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`,
    )
    await using server = await serve(['scraper', 'tsdb'], [await fill(folder), `--config.file=${config}`])
    await until(async () => (await server.value('up{job="beat"}')) === 1, 'the first scrape')

    const from = Date.now()
    let isDone = false
    const long = ask(server, 'query_range', LONG).finally(() => {
      isDone = true
    })
    let answered = 0
    while (!isDone) {
      expect(await server.value('count(queue_depth offset 3m)')).toBe(SERIES)
      if (!isDone) answered++
    }
    const to = Date.now()
    expect(await long).toMatchObject({ status: 200, body: { data: { resultType: 'matrix', result: [{}] } } })
    expect(answered).toBeGreaterThan(1)
    const seconds = Math.floor((to - from) / 1000)
    const { result } = await server.api<{ result: { values: unknown[] }[] }>(
      `query?${new URLSearchParams({ query: `up{job="beat"}[${seconds + 1}s]`, time: `${to / 1000}` })}`,
    )
    expect(result[0]?.values.length).toBeGreaterThanOrEqual(seconds - 1)
    expect(await server.stop('SIGTERM')).toBe(0)
    target.close()
  }, 60_000)

  test('cheap ones are answered also beside one that reads nothing', async () => {
    using folder = makeFolder()
    await using server = await serve(['tsdb'], [await fill(folder)])
    let isDone = false
    // Seconds of work on one series: 9,000 points in each of 900 windows.
    const range = { start: `${(END - 15 * MINUTE) / 1000}`, end: `${END / 1000}`, step: '1' }
    const long = ask(server, 'query_range', { ...range, query: 'mad_over_time(vector(time())[9000s:1s])' }).finally(() => {
      isDone = true
    })
    let answered = 0
    while (!isDone) {
      expect(await server.value('count(queue_depth offset 3m)')).toBe(SERIES)
      if (!isDone) answered++
    }
    expect(await long).toMatchObject({ status: 200, body: { data: { resultType: 'matrix', result: [{}] } } })
    expect(answered).toBeGreaterThan(1)
  }, 60_000)

  test('a client that goes away cancels it, and the next one gets its place', async () => {
    using folder = makeFolder()
    await using server = await serve(['tsdb'], [await fill(folder), '--query.max-concurrency=1'])
    for (let round = 0; round < 3; round++) {
      const leaving = new AbortController()
      // Minutes of work.
      const endless = { ...LONG, query: LONG.query.replaceAll('queue_depth', '(queue_depth * 2)').replace('[1h:', '[6h:') }
      const long = ask(server, 'query_range', endless, leaving.signal).catch((error: Error) => error.name)
      await until(async () => (await metric(server, 'prometheus_engine_queries')) === 1, 'the query to run')
      leaving.abort()
      expect(await long).toBe('AbortError')
      await until(async () => (await metric(server, 'prometheus_engine_queries')) === 0, 'the query to end')
      expect(await server.value('count(queue_depth offset 3m)')).toBe(SERIES)
    }
    // The threads are free again: otherwise it would wait for minutes.
    expect((await ask(server, 'query_range', { ...LONG, step: '60' })).status).toBe(200)
  }, 60_000)

  test('the server stops at once when it is told to', async () => {
    using folder = makeFolder()
    await using server = await serve(['tsdb'], [await fill(folder)])
    const long = ask(server, 'query_range', LONG).catch(() => undefined)
    await until(async () => (await metric(server, 'prometheus_engine_queries')) === 1, 'the query to run')
    const stopping = Date.now()
    expect(await server.stop('SIGTERM')).toBe(0)
    expect(Date.now() - stopping).toBeLessThan(10_000)
    await long
  }, 60_000)
})

describe("the limits of queries have Prometheus's words", () => {
  test('--query.timeout, also by parameter', async () => {
    using folder = makeFolder()
    await using server = await serve(['tsdb'], [await fill(folder), '--query.timeout=300ms'])
    const late = { status: 503, body: { status: 'error', errorType: 'timeout', error: 'query timed out in expression evaluation' } }
    expect(await ask(server, 'query_range', LONG)).toEqual(late)
    expect(await ask(server, 'query_range', { ...LONG, timeout: '1h' })).toEqual(late)
    expect(await ask(server, 'query_range', { ...LONG, timeout: '50ms' })).toEqual(late)
  }, 60_000)

  test('--query.max-samples, of short queries and long ones', async () => {
    using folder = makeFolder()
    await using server = await serve(['tsdb'], [await fill(folder), '--query.max-samples=1000'])
    const error = 'query processing would load too many samples into memory in query execution'
    const tooMany = { status: 422, body: { status: 'error', errorType: 'execution', error } }
    const range = { start: `${(END - HOUR) / 1000}`, end: `${END / 1000}`, step: '60' }
    expect(await ask(server, 'query_range', { ...range, query: 'queue_depth' })).toEqual(tooMany)
    expect(await ask(server, 'query_range', LONG)).toEqual(tooMany)
    expect(await ask(server, 'query_range', { ...range, query: 'queue_depth{instance="host-1"}' })).toMatchObject({ status: 200 })
  }, 60_000)

  test('--query.max-concurrency: more wait, for as long as they may', async () => {
    using folder = makeFolder()
    await using server = await serve(['tsdb'], [await fill(folder), '--query.max-concurrency=1'])
    const leaving = new AbortController()
    const long = ask(server, 'query_range', { ...LONG, query: LONG.query.replace('[1h:', '[6h:') }, leaving.signal).catch(() => undefined)
    await until(async () => (await metric(server, 'prometheus_engine_queries')) === 1, 'the query to run')
    expect(await ask(server, 'query', { query: 'up', timeout: '200ms' })).toEqual({
      status: 503,
      body: { status: 'error', errorType: 'timeout', error: 'query timed out in query queue' },
    })
    leaving.abort()
    await long
    expect((await ask(server, 'query', { query: 'up' })).status).toBe(200)
  }, 60_000)

  test('--query.lookback-delta, and a lookback_delta of the request', async () => {
    using folder = makeFolder()
    await using server = await serve(['tsdb'], [await fill(folder), '--query.lookback-delta=30s'])
    const later = { query: 'count(queue_depth)', time: `${END / 1000 + 40}` }
    expect(await ask(server, 'query', later)).toMatchObject({ body: { data: { result: [] } } })
    expect(await ask(server, 'query', { ...later, lookback_delta: '1m' })).toMatchObject({ body: { data: { result: [{}] } } })
  }, 60_000)
})
