// Remote write between us and the real ones: Debian's Prometheus sends to our receiver; our sender sends to Prometheus
// and to VictoriaMetrics. What is read back at the other end is what was sent.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from '@promlet/http'
import { type Histogram, Labels, Matcher } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createQueryClient, createWriteReceiver, type RemoteWrite } from '@promlet/remote'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPeer, freePort, type Running, run, until, untilOk } from './peer.ts'
import { httpClient, senderTo } from './remote-sender.ts'

const prometheus = findPeer('prometheus')
const victoria = findPeer('victoria-metrics')
const requests = (instance: number) =>
  Labels.of({ __name__: 'http_requests_total', job: 'api', instance: `web-${instance}:80`, path: '/äöü "x"\\' })
const SERIES = 300

/** Three commits of many series, fifteen seconds apart, ending with `end`. Gives the values by instance. */
async function sendCounters(remote: RemoteWrite, end: number): Promise<Map<string, readonly number[]>> {
  const sent = new Map<string, number[]>()
  for (const [round, at] of [end - 30_000, end - 15_000, end].entries()) {
    await using appender = remote.appender()
    const labels = Array.from({ length: SERIES }, (_, index) => requests(index))
    const values = Float64Array.from(labels, (_, index) => index + round / 3 + Math.sin(index))
    const layout = appender.layout(labels.map((one) => appender.series(one)))
    appender.appendRow(layout, at, values, new Uint8Array(SERIES).fill(1))
    expect(await appender.commit()).toMatchObject({ outOfOrder: 0, duplicate: 0, unknownSeries: 0 })
    for (const [index, one] of labels.entries())
      sent.set(one.get('instance'), [...(sent.get(one.get('instance')) ?? []), values[index] as number])
  }
  return sent
}

describe.skipIf(prometheus === undefined)('our sender and a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'promlet-remote-'))
  let url = ''
  let peer: Running
  let remote: RemoteWrite
  const now = Math.floor(Date.now() / 1000) * 1000

  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n')
    remote = await senderTo(`${url}/api/v1/write`)
    // It is not there yet: the first commit has to be tried again.
    const waiting = remote.appender()
    waiting.append(waiting.series(Labels.of({ __name__: 'early' })), now - 60_000, 1)
    const early = waiting.commit()
    peer = run(prometheus as string, [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--enable-feature=native-histograms,exemplar-storage',
    ])
    await untilOk(`${url}/-/ready`)
    await early
  })
  afterAll(async () => {
    await remote?.close()
    await peer?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const engine = () => createQueryClient({ url, httpClient })

  test('agree on every sample', async () => {
    const sent = await sendCounters(remote, now)
    const answer = await engine().instant('http_requests_total[1m]', now)
    const series = answer.value.kind === 'matrix' ? answer.value.series : []
    expect(series).toHaveLength(SERIES)
    for (const { labels, times, values } of series) {
      expect(labels.toJSON()).toMatchObject({ job: 'api', cluster: 'e2e', path: '/äöü "x"\\' })
      expect([[...times], [...values]]).toEqual([[now - 30_000, now - 15_000, now], sent.get(labels.get('instance'))])
    }
  })

  test('agree on special values and on where a series ends', async () => {
    const values = [Number.NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE]
    await using appender = remote.appender()
    const ref = appender.series(Labels.of({ __name__: 'special' }))
    for (const [index, value] of values.entries()) appender.append(ref, now - 10_000 + index, value)
    appender.appendStale(ref, now)
    await appender.commit()
    const answer = await engine().instant('special[1m]', now)
    expect(answer.value.kind === 'matrix' && [...(answer.value.series[0]?.values ?? [])]).toEqual(values)
    expect((await engine().instant('special', now - 1)).value).toMatchObject({ samples: [{ value: Number.MAX_VALUE }] })
    expect((await engine().instant('special', now)).value).toMatchObject({ samples: [] })
  })

  test('agree on native histograms', async () => {
    const histogram: Histogram = {
      schema: 2,
      zeroThreshold: 0.001,
      zeroCount: 1,
      count: 17,
      sum: 12.5,
      positiveSpans: [
        { offset: 1, length: 2 },
        { offset: 3, length: 1 },
      ],
      positiveBuckets: Float64Array.of(1, 5, 3),
      negativeSpans: [{ offset: 0, length: 2 }],
      negativeBuckets: Float64Array.of(4, 3),
      counterResetHint: 'unknown',
      float: false,
    }
    await using appender = remote.appender()
    appender.appendHistogram(appender.series(Labels.of({ __name__: 'latency' })), now, histogram)
    await appender.commit()
    const answer = await engine().instant('latency', now)
    const [sample] = answer.value.kind === 'vector' ? answer.value.samples : []
    expect(sample?.histogram).toEqual({ ...histogram, float: true })
  })

  test('agree that an older sample is out of order, and what is dropped says so', async () => {
    await using appender = remote.appender()
    appender.append(appender.series(requests(0)), now - 20_000, 1)
    await expect(appender.commit()).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringContaining('400: out of order sample'),
    })
  })

  test('agree on what a query cannot be', async () => {
    await expect(engine().instant('rate(http_requests_total)', now)).rejects.toMatchObject({
      name: 'QueryError',
      code: 'bad_data',
      message: expect.stringContaining('expected type range vector'),
    })
  })
})

describe.skipIf(victoria === undefined)('our sender and a real VictoriaMetrics', () => {
  test('agree on every sample', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'promlet-victoria-'))
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    await using peer = run(victoria as string, [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${folder}`, '-loggerLevel=ERROR'])
    expect(peer.pid).toBeGreaterThan(0)
    await untilOk(`${url}/health`)
    const remote = await senderTo(`${url}/api/v1/write`)
    const now = Math.floor(Date.now() / 1000) * 1000
    const sent = await sendCounters(remote, now)
    await remote.close()
    const read = async () => {
      await fetch(`${url}/internal/force_flush`)
      const lines = (await (await fetch(`${url}/api/v1/export?match[]=http_requests_total`)).text()).trim().split('\n')
      return lines
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { metric: Record<string, string>; values: number[]; timestamps: number[] })
    }
    await until(async () => (await read()).length === SERIES, 'VictoriaMetrics to show what it took')
    for (const { metric, values, timestamps } of await read()) {
      expect(metric).toMatchObject({ job: 'api', cluster: 'e2e', path: '/äöü "x"\\' })
      expect(timestamps).toEqual([now - 30_000, now - 15_000, now])
      // It keeps values as decimals of about fifteen digits.
      for (const [index, value] of (sent.get(metric['instance'] as string) ?? []).entries()) expect(values[index]).toBeCloseTo(value, 9)
    }
    rmSync(folder, { recursive: true, force: true })
  })
})

describe.skipIf(prometheus === undefined)('a real Prometheus and our receiver', () => {
  test('agree on every sample that it scraped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'promlet-receiver-'))
    const store = new MemoryStore()
    const registry = createRegistry()
    const receive = createWriteReceiver({ appendable: store, logger: silentLogger, registry })
    const server = createServer({
      listenAddress: '127.0.0.1:0',
      name: 'prometheus',
      logger: silentLogger,
      registry,
      bodyBytesMax: 32 * 1024 * 1024,
      readTimeoutMs: 60_000,
      maxConnections: 100,
    })
    const answers: number[] = []
    server.app.post('/api/v1/write', async ({ headers, body }, reply) => {
      const answer = await receive({ headers, body: body as Buffer })
      answers.push(answer.status)
      return reply.code(answer.status).headers(answer.headers).send(answer.body)
    })
    const { port: receiverPort } = await server.listen()
    const port = await freePort()
    const lines = [
      'global: { scrape_interval: 1s, external_labels: { cluster: "e2e" } }',
      'scrape_configs:',
      '  - job_name: prometheus',
      `    static_configs: [{ targets: ["127.0.0.1:${port}"] }]`,
      'remote_write:',
      `  - url: http://127.0.0.1:${receiverPort}/api/v1/write`,
      '    metadata_config: { send: true, send_interval: 1s }',
      '    queue_config: { batch_send_deadline: 200ms }',
    ]
    writeFileSync(join(folder, 'prometheus.yml'), lines.join('\n'))
    {
      await using peer = run(prometheus as string, [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ])
      expect(peer.pid).toBeGreaterThan(0)
      const url = `http://127.0.0.1:${port}`
      await untilOk(`${url}/-/ready`)
      const stored = async (from: number, to: number) =>
        (await store.select([{ matchers: [new Matcher('__name__', '=~', '.+')], from, to }]))[0] ?? []
      await until(
        async () => (await stored(0, Infinity)).some(({ labels, times }) => labels.metricName === 'up' && times.length >= 5),
        'five scrapes',
      )
      const to = Date.now() - 2_000
      const asked = await createQueryClient({ url, httpClient }).instant('{job="prometheus"}[10s]', to)
      const theirs = asked.value.kind === 'matrix' ? asked.value.series : []
      const ours = new Map((await stored(to - 9_999, to)).map((series) => [series.labels.without('cluster').key, series]))
      expect(theirs.length).toBeGreaterThan(300)
      for (const series of theirs) {
        const found = ours.get(series.labels.key)
        expect(found?.labels.get('cluster')).toBe('e2e')
        expect([[...(found?.times ?? [])], [...(found?.values ?? [])]]).toEqual([[...series.times], [...series.values]])
      }
      expect(store.metadata.get('prometheus_build_info')?.type).toBe('gauge')
    }
    expect(new Set(answers)).toEqual(new Set([204]))
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
})
