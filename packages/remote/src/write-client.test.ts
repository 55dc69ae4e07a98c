import type { RemoteWriteConfig } from '@promlet/config'
import { defaultHttpClientConfig } from '@promlet/config'
import { type HttpClientFactory, HttpError, type HttpRequest, type HttpResponse } from '@promlet/http'
import { isStaleAt, Labels, Matcher, relabelDefaults, type SeriesRef } from '@promlet/model'
import { MemoryStore, VirtualClock } from '@promlet/model/testing'
import { createRegistry, type Registry, silentLogger, writeMetrics } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { RemoteError } from './error.ts'
import { startRemoteWrite } from './write-client.ts'
import { createWriteReceiver, type WriteReceiver } from './write-receiver.ts'

const URL = 'http://tsdb:9090/api/v1/write'
const up = (instance: string) => Labels.of({ __name__: 'up', job: 'node', instance })

type Changes = Partial<Omit<RemoteWriteConfig, 'queue'>> & { readonly queue?: Partial<RemoteWriteConfig['queue']> }

function configOf(changes: Changes = {}): RemoteWriteConfig {
  return {
    url: URL,
    remoteTimeoutMs: 30_000,
    writeRelabelConfigs: [],
    http: defaultHttpClientConfig,
    sendExemplars: true,
    sendNativeHistograms: true,
    ...changes,
    queue: {
      capacity: 10_000,
      maxShards: 50,
      minShards: 1,
      maxSamplesPerSend: 2_000,
      batchSendDeadlineMs: 5_000,
      minBackoffMs: 30,
      maxBackoffMs: 5_000,
      retryOnRateLimit: false,
      sampleAgeLimitMs: 0,
      ...changes.queue,
    },
  }
}

type Answer = Partial<Omit<HttpResponse, 'body'>> & { body?: string }
/** What the other end does with a request; undefined: it takes it. */
type Script = (request: HttpRequest, count: number) => Promise<Answer | undefined> | Answer | undefined

/** A receiver over a memory store behind a client without sockets. */
function world(script: Script = () => undefined) {
  const clock = new VirtualClock(1_700_000_000_000)
  const store = new MemoryStore()
  const receivers = new Map<string, WriteReceiver>()
  const requests: (HttpRequest & { at: number })[] = []
  const httpClient: HttpClientFactory = () => ({
    async request(request) {
      requests.push({ ...request, at: clock.now() - 1_700_000_000_000 })
      const scripted = await script(request, requests.length)
      request.signal?.throwIfAborted()
      if (scripted !== undefined) return { status: 200, headers: {}, ...scripted, body: Buffer.from(scripted.body ?? '') }
      let receive = receivers.get(request.url)
      if (receive === undefined) {
        receive = createWriteReceiver({ appendable: store, logger: silentLogger, registry: createRegistry() })
        receivers.set(request.url, receive)
      }
      const answer = await receive({ headers: request.headers ?? {}, body: request.body ?? new Uint8Array(0) })
      return { ...answer, body: Buffer.from(answer.body) }
    },
    async close() {},
  })
  const registry: Registry = createRegistry()
  const start = (config: readonly RemoteWriteConfig[] = [configOf()], externalLabels = Labels.empty, flushDeadlineMs = 10_000) =>
    startRemoteWrite({ config, externalLabels, clock, logger: silentLogger, registry, httpClient, flushDeadlineMs })
  const stored = async () => {
    const [series = []] = await store.select([{ matchers: [new Matcher('__name__', '=~', '.+')], from: -Infinity, to: Infinity }])
    return series
  }
  const metric = async (name: string) => {
    const line = (await writeMetrics([registry])).split('\n').find((text) => text.startsWith(`prometheus_remote_storage_${name}{`))
    return Number(line?.split(' ').at(-1))
  }
  return { clock, store, requests, start, stored, metric }
}

type Remote = Awaited<ReturnType<ReturnType<typeof world>['start']>>

async function commitUp(remote: Remote, at: number, instances = 1) {
  await using appender = remote.appender()
  for (let index = 0; index < instances; index++) appender.append(appender.series(up(`web-${index}`)), at, index)
  return appender.commit()
}

describe('a commit', () => {
  test('is sent at once in one request and resolves when the receiver took it', async () => {
    const { start, requests, stored } = world()
    expect(await commitUp(await start(), 1000, 3)).toMatchObject({ outOfOrder: 0, unknownSeries: 0 })
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: URL,
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
        'user-agent': expect.stringMatching(/./),
      },
    })
    expect((await stored()).map(({ labels, values }) => [labels.get('instance'), ...values])).toEqual([
      ['web-0', 0],
      ['web-1', 1],
      ['web-2', 2],
    ])
  })

  test('writes rows, and keeps the bits of stale markers in them', async () => {
    const { start, stored } = world()
    const remote = await start()
    await using appender = remote.appender()
    const refs = ['web-0', 'web-1', 'web-2'].map((instance) => appender.series(up(instance)))
    const layout = appender.layout(refs)
    appender.appendRow(layout, 1000, Float64Array.of(1, 2, 3), Uint8Array.of(1, 0, 1))
    appender.appendStale(refs[0] as SeriesRef, 2000)
    await appender.commit()
    const series = await stored()
    expect(series.map(({ labels, times }) => [labels.get('instance'), ...times])).toEqual([
      ['web-0', 1000, 2000],
      ['web-2', 1000],
    ])
    expect(isStaleAt(series[0]?.values as Float64Array, 1)).toBe(true)
  })

  test('tells what a receiver of ours refused', async () => {
    const { start } = world()
    const remote = await start()
    await commitUp(remote, 2000, 2)
    expect(await commitUp(remote, 1000, 2)).toMatchObject({ outOfOrder: 2, duplicate: 0, example: expect.stringContaining('out of order') })
  })

  test('resolves at once when there is no endpoint', async () => {
    const { start } = world()
    expect(await commitUp(await start([]), 1000)).toMatchObject({ outOfOrder: 0 })
  })

  test('that is disposed without commit sends nothing', async () => {
    const { start, requests } = world()
    const remote = await start()
    {
      await using appender = remote.appender()
      appender.append(appender.series(up('web-0')), 1000, 1)
    }
    expect(requests).toEqual([])
  })

  test('says which references are not known', async () => {
    const { start, stored } = world()
    const remote = await start()
    await using appender = remote.appender()
    appender.append(appender.series(up('web-0')), 1000, 1)
    appender.append(4711, 1000, 1)
    expect(await appender.commit()).toMatchObject({ unknownSeries: 1, retired: [4711] })
    expect(await stored()).toHaveLength(1)
  })

  test('forgets series that nobody used for hours', async () => {
    const { start, clock } = world()
    const remote = await start()
    await using appender = remote.appender()
    const ref = appender.series(up('web-0'))
    appender.append(ref, 1000, 1)
    await appender.commit()
    await clock.advance(3 * 3_600_000)
    await commitUp(remote, 2000, 0)
    await using later = remote.appender()
    later.append(ref, 3000, 1)
    expect(await later.commit()).toMatchObject({ unknownSeries: 1, retired: [ref] })
  })
})

describe('what passes is tried again', () => {
  for (const status of [500, 502, 503, 504]) {
    test(`status ${status}, with pauses that double up to the largest`, async () => {
      const { start, clock, requests, stored, metric } = world((_request, count) => (count <= 6 ? { status, body: 'not now' } : undefined))
      const remote = await start([configOf({ queue: { minBackoffMs: 100, maxBackoffMs: 1000 } })])
      const done = clock.track(commitUp(remote, 1000))
      await clock.advance(10_000)
      await done
      const pauses = requests.slice(1).map(({ at }, index) => at - (requests[index]?.at as number))
      expect(pauses).toEqual([100, 200, 400, 800, 1000, 1000])
      expect(requests.map(({ headers }) => headers?.['retry-attempt'])).toEqual([undefined, '1', '2', '3', '4', '5', '6'])
      expect(await stored()).toHaveLength(1)
      expect([await metric('samples_retried_total'), await metric('samples_total'), await metric('samples_failed_total')]).toEqual([
        6, 1, 0,
      ])
    })
  }

  test('a receiver that cannot be reached', async () => {
    const { start, clock, stored } = world((_request, count) => {
      if (count === 1) throw new HttpError('connect', 'dial tcp 127.0.0.1:1: connect: connection refused')
      if (count === 2) throw new HttpError('timeout', 'context deadline exceeded')
      return undefined
    })
    const done = clock.track(commitUp(await start(), 1000))
    await clock.advance(1_000)
    await done
    expect(await stored()).toHaveLength(1)
  })

  test('after the time that Retry-After names', async () => {
    const { start, clock, requests } = world((_request, count) =>
      count === 1 ? { status: 503, headers: { 'retry-after': '7' } } : undefined,
    )
    const done = clock.track(commitUp(await start(), 1000))
    await clock.advance(60_000)
    await done
    expect(requests.map(({ at }) => at)).toEqual([0, 7_000])
  })

  test('status 429 where the configuration says so', async () => {
    const { start, clock, requests } = world((_request, count) => (count === 1 ? { status: 429 } : undefined))
    const done = clock.track(commitUp(await start([configOf({ queue: { retryOnRateLimit: true } })]), 1000))
    await clock.advance(1_000)
    await done
    expect(requests).toHaveLength(2)
  })
})

describe('what does not pass is dropped', () => {
  for (const status of [301, 400, 401, 404, 413, 429]) {
    test(`status ${status}, and the commit rejects with its text`, async () => {
      const { start, requests, metric } = world(() => ({ status, body: 'no such tenant\n' }))
      await expect(commitUp(await start(), 1000)).rejects.toMatchObject({
        name: 'RemoteError',
        code: 'rejected',
        message: `server returned HTTP status ${status}: no such tenant`,
      })
      expect(requests).toHaveLength(1)
      expect(await metric('samples_failed_total')).toBe(1)
    })
  }

  test('samples that wait longer than sample_age_limit', async () => {
    const { start, clock, metric } = world(() => ({ status: 503 }))
    const remote = await start([configOf({ queue: { sampleAgeLimitMs: 60_000 } })])
    const done = expect(clock.track(commitUp(remote, clock.now()))).rejects.toMatchObject({ code: 'too-old' })
    await clock.advance(120_000)
    await done
    expect(await metric('samples_dropped_total')).toBe(1)
  })

  test('and the next batch goes on', async () => {
    const { start, stored } = world((_request, count) => (count === 1 ? { status: 400 } : undefined))
    const remote = await start()
    await expect(commitUp(remote, 1000)).rejects.toBeInstanceOf(RemoteError)
    await commitUp(remote, 2000)
    expect((await stored()).map(({ times }) => [...times])).toEqual([[2000]])
  })
})

describe('the queue', () => {
  test('joins what waits to requests of limited size, in order', async () => {
    const first = Promise.withResolvers<undefined>()
    const { start, requests, stored } = world((_request, count) => (count === 1 ? first.promise : undefined))
    const remote = await start([configOf({ queue: { maxSamplesPerSend: 25, maxShards: 1 } })])
    const commits = Array.from({ length: 10 }, (_, index) => commitUp(remote, 1000 + index, 10))
    await new Promise((resolve) => setImmediate(resolve))
    first.resolve(undefined)
    await Promise.all(commits)
    expect(requests).toHaveLength(4)
    const series = await stored()
    expect(series).toHaveLength(10)
    for (const { times } of series) expect([...times]).toEqual(Array.from({ length: 10 }, (_, index) => 1000 + index))
  })

  test('refuses a commit when it is full, and takes the next when there is room again', async () => {
    const first = Promise.withResolvers<undefined>()
    const { start, metric } = world((_request, count) => (count === 1 ? first.promise : undefined))
    const remote = await start([configOf({ queue: { capacity: 25, maxShards: 1 } })])
    const commits = [commitUp(remote, 1000, 10), commitUp(remote, 2000, 10)]
    await expect(commitUp(remote, 3000, 10)).rejects.toMatchObject({ code: 'queue-full' })
    expect(await metric('samples_pending')).toBe(20)
    first.resolve(undefined)
    await Promise.all(commits)
    await commitUp(remote, 4000, 10)
    expect([await metric('samples_pending'), await metric('samples_dropped_total'), await metric('samples_total')]).toEqual([0, 10, 30])
  })

  test('keeps the order of each series while shards are added and taken away', async () => {
    let random = 1
    const { start, stored, metric } = world(async () => {
      // Answers come after a few turns, more or less of them, so that shards overtake each other.
      random = (random * 48271) % 2147483647
      for (let turns = random % 7; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve))
      return undefined
    })
    const remote = await start([configOf({ queue: { capacity: 400, maxSamplesPerSend: 20, maxShards: 8 } })])
    const commits: Promise<unknown>[] = []
    let shardsMax = 0
    for (let round = 0; round < 10; round++) {
      for (let index = 0; index < 6; index++) commits.push(commitUp(remote, 1000 + commits.length, 40))
      shardsMax = Math.max(shardsMax, await metric('shards'))
      // Now it runs empty between the rounds, now it does not.
      await Promise.all(round % 2 === 0 ? commits : commits.slice(0, -3))
    }
    await Promise.all(commits)
    expect(shardsMax).toBeGreaterThan(1)
    for (const { times } of await stored()) expect([...times]).toEqual(Array.from({ length: 60 }, (_, index) => 1000 + index))
  })
})

describe('the settings', () => {
  test('add external labels to series that do not have them', async () => {
    const { start, stored } = world()
    await commitUp(await start([configOf()], Labels.of({ cluster: 'dev', job: 'other' })), 1000)
    expect((await stored())[0]?.labels.toJSON()).toEqual({ __name__: 'up', cluster: 'dev', instance: 'web-0', job: 'node' })
  })

  test('relabel, and a series that is dropped counts as acknowledged', async () => {
    const { start, stored, metric } = world()
    const relabel = { ...relabelDefaults, action: 'drop' as const, sourceLabels: ['instance'], regex: 'web-[0-3]' }
    await commitUp(await start([configOf({ writeRelabelConfigs: [relabel] })]), 1000, 5)
    expect((await stored()).map(({ labels }) => labels.get('instance'))).toEqual(['web-4'])
    expect(await metric('samples_dropped_total')).toBe(4)
  })

  test('name several endpoints, all of which must take a commit', async () => {
    const { start, requests } = world(({ url }) => (url.includes('bad') ? { status: 400, body: 'no' } : { status: 204 }))
    const remote = await start([configOf(), configOf({ url: 'http://bad/' })])
    await expect(commitUp(remote, 1000)).rejects.toThrow('server returned HTTP status 400: no')
    expect(requests.map(({ url }) => url).sort()).toEqual(['http://bad/', URL])
  })

  test('send remote write 2.0, with metadata on the series', async () => {
    const { start, requests, store } = world()
    const remote = await start([configOf({ protobufMessage: 'io.prometheus.write.v2.Request' })])
    await using appender = remote.appender()
    appender.setMetadata('up', { type: 'gauge', help: 'Whether the target is up.', unit: '' })
    appender.append(appender.series(up('web-0')), 1000, 1)
    await appender.commit()
    expect(requests[0]?.headers).toMatchObject({
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
      'x-prometheus-remote-write-version': '2.0.0',
    })
    expect(store.metadata.get('up')?.help).toBe('Whether the target is up.')
  })

  test('send start timestamps by 2.0', async () => {
    const { start, stored } = world()
    const remote = await start([configOf({ protobufMessage: 'io.prometheus.write.v2.Request' })])
    await using appender = remote.appender()
    appender.append(appender.series(up('web-0')), 1000, 1, 900)
    await appender.commit()
    expect((await stored())[0]?.startTimes).toEqual(Float64Array.of(900))
  })

  test('fall back from 2.0 to 1.0 for good when the receiver does not know it', async () => {
    const { start, requests, stored } = world(({ headers }) => (headers?.['content-type']?.includes('v2') ? { status: 415 } : undefined))
    const remote = await start([configOf({ protobufMessage: 'io.prometheus.write.v2.Request' })])
    await commitUp(remote, 1000)
    await commitUp(remote, 2000)
    expect(requests.map(({ headers }) => headers?.['x-prometheus-remote-write-version'])).toEqual(['2.0.0', '0.1.0', '0.1.0'])
    expect((await stored())[0]?.times).toHaveLength(2)
  })

  test('send metadata by 1.0 when it is new and from time to time', async () => {
    const { start, clock, store } = world()
    const remote = await start([configOf({ metadata: { sendIntervalMs: 60_000, maxSamplesPerSend: 100 } })])
    const described = { type: 'gauge', help: 'Whether the target is up.', unit: '' } as const
    await using appender = remote.appender()
    appender.setMetadata('up', described)
    await appender.commit()
    expect(store.metadata.get('up')).toEqual(described)
    store.metadata.clear()
    await commitUp(remote, 1000)
    expect(store.metadata.size).toBe(0)
    await clock.advance(60_000)
    await commitUp(remote, 2000)
    expect(store.metadata.get('up')).toEqual(described)
  })

  test('that change by a reload take effect after what waits has been sent', async () => {
    const first = Promise.withResolvers<undefined>()
    const { start, requests, stored } = world((_request, count) => (count === 1 ? first.promise : undefined))
    const remote = await start()
    const before = commitUp(remote, 1000)
    await remote.reload({ config: [configOf()], externalLabels: Labels.of({ cluster: 'dev' }) })
    const after = commitUp(remote, 2000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(requests).toHaveLength(1)
    first.resolve(undefined)
    await Promise.all([before, after])
    expect((await stored()).map(({ labels, times }) => [labels.get('cluster'), ...times])).toEqual([
      ['dev', 2000],
      ['', 1000],
    ])
  })
})

describe('at its end', () => {
  test('it sends what waits', async () => {
    const first = Promise.withResolvers<undefined>()
    const { start, stored } = world((_request, count) => (count === 1 ? first.promise : undefined))
    const remote = await start()
    const commits = [commitUp(remote, 1000), commitUp(remote, 2000)]
    const closed = remote.close()
    expect(remote.ready()).toBe(false)
    await expect(commitUp(remote, 3000)).rejects.toMatchObject({ code: 'closed' })
    first.resolve(undefined)
    await closed
    await Promise.all(commits)
    expect((await stored())[0]?.times).toHaveLength(2)
  })

  test('it gives up after a while, and says so to who waits', async () => {
    const { start, clock, metric } = world(() => ({ status: 503, body: 'down' }))
    const remote = await start()
    const commits = [commitUp(remote, 1000, 3), commitUp(remote, 2000, 3)].map((commit) =>
      expect(clock.track(commit)).rejects.toMatchObject({ code: 'closed', message: expect.stringContaining('down') }),
    )
    await clock.advance(1_000)
    expect(await metric('samples_pending')).toBe(6)
    const closed = remote.close()
    await clock.advance(10_000)
    await closed
    await Promise.all(commits)
  })
})
