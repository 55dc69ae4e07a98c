import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AlertingConfig, defaultHttpClientConfig, parseRuleFile } from '@promlet/config'
import { createHttpClientFactory } from '@promlet/http'
import { type Alert, Labels, systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createEngine } from '@promlet/promql'
import { type Notifier, ruleChecks, startNotifier, startRuleEngine } from '@promlet/rule-engine'
import { createRegistry, type Registry, silentLogger } from '@promlet/telemetry'
import { describe, expect, test } from 'vitest'
import { findPeer, freePort, run, until, untilOk } from './peer.ts'

const alertmanager = findPeer('prometheus-alertmanager')

interface AlertmanagerAlert {
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
  readonly status: { readonly state: string }
}

interface Peer extends AsyncDisposable {
  readonly address: string
  alerts(): Promise<readonly AlertmanagerAlert[]>
}

async function startAlertmanager(): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), 'promlet-alertmanager-'))
  const config = join(folder, 'alertmanager.yml')
  await writeFile(config, 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n')
  const address = `127.0.0.1:${await freePort()}`
  const running = run(alertmanager as string, [
    `--config.file=${config}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--web.route-prefix=/am',
    '--cluster.listen-address=',
  ])
  await untilOk(`http://${address}/am/-/ready`)
  return {
    address,
    async alerts() {
      const answer = await fetch(`http://${address}/am/api/v2/alerts`)
      return (await answer.json()) as readonly AlertmanagerAlert[]
    },
    async [Symbol.asyncDispose]() {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function connect(peer: Peer, registry: Registry): Promise<Notifier> {
  const alerting: AlertingConfig = {
    alertRelabelConfigs: [],
    alertmanagers: [
      {
        scheme: 'http',
        pathPrefix: '/am',
        timeoutMs: 10_000,
        http: defaultHttpClientConfig,
        discovery: [{ kind: 'static', groups: [{ targets: [peer.address], labels: {} }] }],
        relabelConfigs: [],
        alertRelabelConfigs: [],
      },
    ],
  }
  return startNotifier({
    config: { alerting, externalLabels: Labels.of({ cluster: 'eu' }) },
    clock: systemClock,
    logger: silentLogger,
    registry,
    httpClient: createHttpClientFactory({ clock: systemClock }),
  })
}

const RULES = `
groups:
- name: node
  interval: 200ms
  rules:
  - alert: DiskFull
    expr: disk_free_bytes < 10
    for: 300ms
    labels: {severity: page}
    annotations: {summary: '{{ $labels.instance }} has {{ $value }} bytes left'}
`

describe.skipIf(alertmanager === undefined)('a real Alertmanager', () => {
  test('takes the alerts of our notifier, in batches', async () => {
    await using peer = await startAlertmanager()
    const registry = createRegistry()
    const notifier = await connect(peer, registry)
    expect(notifier.alertmanagers().active).toEqual([{ url: `http://${peer.address}/am/api/v2/alerts` }])
    const now = Date.now()
    const alerts = Array.from({ length: 150 }, (_, index): Alert => {
      const labels = Labels.of({ alertname: 'DiskFull', instance: `db-${index}` })
      const annotations = Labels.of({ summary: 'Füllstand <90 %>\nnext line' })
      return { labels, annotations, startsAt: now - 60_000, endsAt: now + 240_000, generatorUrl: 'http://localhost:9090/graph?g0.expr=up' }
    })
    await notifier.send(alerts)
    const sent = `prometheus_notifications_sent_total{alertmanager="http://${peer.address}/am/api/v2/alerts"} 150`
    await until(async () => (await registry.metrics()).includes(sent), 'all alerts to be sent')
    await notifier.close()
    const taken = await peer.alerts()
    expect(taken).toHaveLength(150)
    expect(taken.find(({ labels }) => labels['instance'] === 'db-7')).toMatchObject({
      labels: { alertname: 'DiskFull', instance: 'db-7', cluster: 'eu' },
      annotations: { summary: 'Füllstand <90 %>\nnext line' },
      startsAt: new Date(now - 60_000).toISOString(),
      endsAt: new Date(now + 240_000).toISOString(),
      generatorURL: 'http://localhost:9090/graph?g0.expr=up',
      status: { state: 'active' },
    })
  })

  test('hears of an alert when a rule fires, and of its end when it is resolved', async () => {
    await using peer = await startAlertmanager()
    const store = new MemoryStore()
    const notifier = await connect(peer, createRegistry())
    const engine = await startRuleEngine({
      config: {
        ruleFiles: [parseRuleFile(RULES, { file: '/etc/rules.yml', ...ruleChecks })],
        evaluationIntervalMs: 1000,
        queryOffsetMs: 0,
        externalLabels: Labels.of({ cluster: 'eu' }),
      },
      engine: createEngine({ queryable: store, clock: systemClock }),
      appendable: store,
      alertSink: notifier,
      clock: systemClock,
      logger: silentLogger,
      registry: createRegistry(),
      externalUrl: 'http://localhost:9090',
    })
    await put(store, 5)
    await until(async () => (await peer.alerts()).length === 1, 'the alert to arrive')
    const [firing] = await peer.alerts()
    expect(firing).toMatchObject({
      labels: { alertname: 'DiskFull', instance: 'db-1', severity: 'page', cluster: 'eu' },
      annotations: { summary: 'db-1 has 5 bytes left' },
      generatorURL: 'http://localhost:9090/graph?g0.expr=disk_free_bytes+%3C+10&g0.tab=1',
      status: { state: 'active' },
    })
    await put(store, 50)
    // The Alertmanager lists only alerts that have not ended.
    await until(async () => (await peer.alerts()).length === 0, 'the alert to end')
    await engine.close()
    await notifier.close()
  })
})

async function put(store: MemoryStore, value: number): Promise<void> {
  const appender = store.appender()
  appender.append(appender.series(Labels.of({ __name__: 'disk_free_bytes', instance: 'db-1' })), Date.now(), value)
  await appender.commit()
}
