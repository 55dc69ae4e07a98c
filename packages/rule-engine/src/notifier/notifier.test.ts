import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AlertingConfig, defaultHttpClientConfig } from '@promlet/config'
import type { HttpClientFactory, HttpRequest } from '@promlet/http'
import { type Alert, Labels, relabelDefaults } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { type NotifierOptions, startNotifier } from './notifier.ts'

const section: AlertingConfig['alertmanagers'][number] = {
  scheme: 'http',
  pathPrefix: '/am',
  timeoutMs: 10_000,
  http: defaultHttpClientConfig,
  discovery: [{ kind: 'static', groups: [{ targets: ['am-1:9093', 'am-2:9093'], labels: {} }] }],
  relabelConfigs: [],
  alertRelabelConfigs: [],
}

const alert = (name: string, more: Record<string, string> = {}): Alert => ({
  labels: Labels.of({ alertname: name, instance: 'db-1', ...more }),
  annotations: Labels.of({ summary: 'Disk is full' }),
  startsAt: 1_700_000_000_000,
  endsAt: 1_700_000_240_000,
  generatorUrl: 'http://prometheus:9090/graph?g0.expr=up&g0.tab=1',
})

/** An Alertmanager without sockets: keeps what it was sent. */
function fakeAlertmanager() {
  const requests: { readonly url: string; readonly alerts: readonly { readonly labels: Record<string, string> }[] }[] = []
  const answer = { status: 200, wait: async (_request: HttpRequest) => {} }
  const httpClient: HttpClientFactory = () => ({
    async request(request) {
      await answer.wait(request)
      requests.push({ url: request.url, alerts: JSON.parse(new TextDecoder().decode(request.body)) })
      return { status: answer.status, headers: {}, body: new TextEncoder().encode('no') }
    },
    close: async () => {},
  })
  return { requests, answer, httpClient }
}

async function open(
  sections: readonly (typeof section)[],
  options: Partial<NotifierOptions> = {},
  relabel: AlertingConfig['alertRelabelConfigs'] = [],
) {
  const clock = new VirtualClock(1_700_000_000_000)
  const fake = fakeAlertmanager()
  const registry = createRegistry()
  const config = (alertmanagers: readonly (typeof section)[]) => ({
    alerting: { alertmanagers, alertRelabelConfigs: relabel },
    externalLabels: Labels.of({ cluster: 'eu', instance: 'overridden' }),
  })
  const notifier = await startNotifier({
    config: config(sections),
    clock,
    logger: silentLogger,
    registry,
    httpClient: fake.httpClient,
    ...options,
  })
  const metric = async (line: string) => {
    const found = (await registry.metrics()).split('\n').find((candidate) => candidate.startsWith(line))
    return found === undefined ? undefined : Number(found.split(' ').at(-1))
  }
  return { clock, notifier, metric, ...fake, reload: (next: readonly (typeof section)[]) => notifier.reload(config(next)) }
}

const names = (request: { readonly alerts: readonly { readonly labels: Record<string, string> }[] } | undefined) =>
  request?.alerts.map(({ labels }) => labels['alertname'])

describe('the notifier', () => {
  test('posts alerts with the external labels to all Alertmanagers', async () => {
    const { notifier, clock, requests } = await open([section])
    expect(notifier.alertmanagers()).toEqual({
      active: [{ url: 'http://am-1:9093/am/api/v2/alerts' }, { url: 'http://am-2:9093/am/api/v2/alerts' }],
      dropped: [],
    })
    await notifier.send([alert('DiskFull')])
    await clock.advance(1)
    expect(requests.map(({ url }) => url)).toEqual(['http://am-1:9093/am/api/v2/alerts', 'http://am-2:9093/am/api/v2/alerts'])
    expect(requests[0]?.alerts).toEqual([
      {
        labels: { alertname: 'DiskFull', cluster: 'eu', instance: 'db-1' },
        annotations: { summary: 'Disk is full' },
        startsAt: '2023-11-14T22:13:20.000Z',
        endsAt: '2023-11-14T22:17:20.000Z',
        generatorURL: 'http://prometheus:9090/graph?g0.expr=up&g0.tab=1',
      },
    ])
  })

  test('relabels and drops alerts, for all and per section', async () => {
    const dropTest = { ...relabelDefaults, sourceLabels: ['env'], regex: 'test', action: 'drop' as const }
    const onlyPages = { ...relabelDefaults, sourceLabels: ['severity'], regex: 'page', action: 'keep' as const }
    const pager = { ...section, pathPrefix: '/pager', alertRelabelConfigs: [onlyPages] }
    const { notifier, clock, requests } = await open([section, pager], {}, [dropTest])
    await notifier.send([alert('A', { env: 'test' }), alert('B', { severity: 'page' }), alert('C')])
    await clock.advance(1)
    expect(requests.filter(({ url }) => url.startsWith('http://am-1')).map((request) => [request.url, names(request)])).toEqual([
      ['http://am-1:9093/am/api/v2/alerts', ['B', 'C']],
      ['http://am-1:9093/pager/api/v2/alerts', ['B']],
    ])
  })

  test('sends at most 64 alerts in one request', async () => {
    const { notifier, clock, requests } = await open([section])
    await notifier.send(Array.from({ length: 150 }, (_, index) => alert(`A${index}`)))
    await clock.advance(1)
    expect(requests.filter(({ url }) => url.includes('am-1')).map(({ alerts }) => alerts.length)).toEqual([64, 64, 22])
  })

  test('drops the oldest when an Alertmanager is too slow, and holds up no other', async () => {
    const { notifier, clock, requests, answer, metric } = await open([section], { queueCapacity: 3 })
    const begun = Promise.withResolvers<void>()
    const slow = Promise.withResolvers<void>()
    answer.wait = async ({ url }) => {
      if (!url.includes('am-1')) return
      begun.resolve()
      await slow.promise
    }
    await notifier.send([alert('A')])
    const advanced = clock.advance(1)
    await begun.promise
    for (const name of ['B', 'C', 'D', 'E', 'F']) await notifier.send([alert(name)])
    expect(await metric('prometheus_notifications_queue_length{alertmanager="http://am-1')).toBe(3)
    expect(await metric('prometheus_notifications_dropped_total{alertmanager="http://am-1')).toBe(2)
    slow.resolve()
    await advanced
    await clock.advance(1)
    expect(requests.filter(({ url }) => url.includes('am-1')).flatMap(names)).toEqual(['A', 'D', 'E', 'F'])
  })

  test('counts what an Alertmanager refuses', async () => {
    const { notifier, clock, answer, metric } = await open([section])
    answer.status = 500
    await notifier.send([alert('A'), alert('B')])
    await clock.advance(1)
    const url = 'alertmanager="http://am-2:9093/am/api/v2/alerts"'
    expect(await metric(`prometheus_notifications_errors_total{${url}}`)).toBe(2)
    expect(await metric(`prometheus_notifications_dropped_total{${url}}`)).toBe(2)
    expect(await metric(`prometheus_notifications_sent_total{${url}}`)).toBe(0)
    expect(await metric('prometheus_notifications_alertmanagers_discovered')).toBe(2)
  })

  test('sends what is queued before it closes', async () => {
    const { notifier, requests } = await open([section])
    await notifier.send(Array.from({ length: 100 }, (_, index) => alert(`A${index}`)))
    await notifier.close()
    expect(requests.filter(({ url }) => url.includes('am-1')).flatMap(names)).toHaveLength(100)
    expect(notifier.ready()).toBe(false)
  })

  test('closes within its bound when nobody answers', async () => {
    const { notifier, clock, requests, answer } = await open([section])
    answer.wait = ({ signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }))
    await notifier.send([alert('A')])
    const closed = notifier.close()
    await clock.advance(11_000)
    await closed
    expect(requests).toEqual([])
  })

  test('finds Alertmanagers in files, relabels and drops them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'promlet-notifier-'))
    try {
      const file = join(folder, 'am.json')
      await writeFile(file, JSON.stringify([{ targets: ['a:9093', 'b:9093'], labels: { zone: 'x' } }, { targets: ['c:9093'] }]))
      const { notifier } = await open([
        {
          ...section,
          discovery: [{ kind: 'file', files: [file], refreshIntervalMs: 60_000 }],
          relabelConfigs: [
            { ...relabelDefaults, sourceLabels: ['__address__'], regex: 'b:.*', action: 'drop' },
            { ...relabelDefaults, sourceLabels: ['zone'], regex: 'x', targetLabel: '__scheme__', replacement: 'https' },
          ],
        },
      ])
      expect(notifier.alertmanagers()).toEqual({
        active: [{ url: 'https://a:9093/am/api/v2/alerts' }, { url: 'http://c:9093/am/api/v2/alerts' }],
        dropped: [{ url: 'http://b:9093/am/api/v2/alerts' }],
      })
      await notifier.close()
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('keeps the queue of a section that a reload did not change', async () => {
    const { notifier, clock, requests, reload } = await open([section])
    await notifier.send([alert('A')])
    const other = { ...section, discovery: [{ kind: 'static' as const, groups: [{ targets: ['am-3:9093'], labels: {} }] }] }
    await reload([other, section])
    expect(notifier.alertmanagers().active).toHaveLength(3)
    await clock.advance(1)
    expect(requests).toHaveLength(2)
    await reload([other])
    await notifier.send([alert('B')])
    await clock.advance(1)
    expect(requests.slice(2).map(({ url }) => url)).toEqual(['http://am-3:9093/am/api/v2/alerts'])
  })
})
