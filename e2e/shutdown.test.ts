// SIGTERM and SIGINT under load: every component ends by itself within a bounded time, with exit code 0, and what it
// acknowledged is there. The bound holds when whatever it talks to hangs.

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { createServer, connect as dial, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { startLoad } from '../tools/compose-check/load.ts'
import { freePort, until } from './peer.ts'
import { type Folder, makeFolder, PROMLET, type Server, serve } from './promlet.ts'

vi.setConfig({ testTimeout: 90_000 })

/** Below the ten seconds after which a container is killed. */
const BOUND_MS = 5_000
const signals = ['SIGTERM', 'SIGINT'] as const

/** Stops a server and gives how long that took. @throws when it did not end by itself, in time and with exit code 0. */
async function stopped(server: Server, signal: NodeJS.Signals = 'SIGTERM', boundMs = BOUND_MS): Promise<number> {
  const started = performance.now()
  const code = await server.stop(signal)
  const took = Math.round(performance.now() - started)
  expect({ code, output: code === 0 ? '' : server.output() }).toEqual({ code: 0, output: '' })
  expect(took).toBeLessThan(boundMs)
  return took
}

/** A server that takes connections and requests and never answers. */
async function startHanging(): Promise<AsyncDisposable & { readonly address: string; requests(): number }> {
  const sockets = new Set<Socket>()
  let requests = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('data', () => requests++).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    address: `127.0.0.1:${port}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A client that begins a request and never ends it. */
async function startHalfRequest({ port }: Server, path: string): Promise<Disposable> {
  const socket = dial(port, '127.0.0.1').on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(`POST ${path} HTTP/1.1\r\nHost: promlet\r\nContent-Length: 1000000\r\n\r\nhalf_a_metric 1`)
  return { [Symbol.dispose]: () => socket.destroy() }
}

/** Repeats until the server has gone. @throws what else goes wrong. */
async function untilGone(work: (number: number) => Promise<void>): Promise<void> {
  for (let number = 1; ; number++) {
    try {
      await work(number)
    } catch (error) {
      // What fetch throws when the connection is refused or cut off.
      if (error instanceof TypeError) return
      throw error
    }
  }
}

const dataOf = (folder: Folder) => join(folder.path, 'data')

function startStore(folder: Folder, port: number): Promise<Server> {
  return serve(['tsdb'], [`--storage.tsdb.path=${dataOf(folder)}`, '--web.enable-remote-write-receiver'], port)
}

function jobs(targets: readonly string[], more = ''): string {
  return `scrape_configs: [{job_name: load, ${more}static_configs: [{targets: ${JSON.stringify(targets)}}]}]\n`
}

describe('the store', () => {
  test.each(signals)('under remote write, at %s, loses nothing acknowledged and leaves one file', async (signal) => {
    using folder = makeFolder()
    const port = await freePort()
    await using first = await startStore(folder, port)
    const load = startLoad(first.url)
    await until(() => load.acknowledged() > 100, 'a load of writes')
    await stopped(first, signal)
    await load.stop()
    expect(readdirSync(dataOf(folder)).sort()).toEqual(['lock', 'store.db'])
    expect(load.acknowledged()).toBeGreaterThan(100)

    const copy = join(folder.path, 'copy')
    mkdirSync(copy)
    copyFileSync(join(dataOf(folder), 'store.db'), join(copy, 'store.db'))
    chmodSync(join(copy, 'store.db'), 0o444)
    chmodSync(copy, 0o555)
    const args = ['query', 'instant', `--storage.tsdb.path=${copy}`, '--format=json', 'count({__name__=~".+"})']
    const query = spawnSync(PROMLET, args, { encoding: 'utf8' })
    expect({ error: query.stderr, series: JSON.parse(query.stdout).result[0]?.value[1] }).toEqual({ error: '', series: '100' })
    expect(readdirSync(copy)).toEqual(['store.db'])
    chmodSync(copy, 0o755)

    await using _again = await startStore(folder, port)
    expect(await load.findLost()).toBe(0)
  })

  test('with a request that never ends and a query that takes long', async () => {
    using folder = makeFolder()
    await using store = await startStore(folder, await freePort())
    const load = startLoad(store.url)
    await until(() => load.acknowledged() > 5_000, 'samples for a long query', 60_000)
    await load.stop()
    using _half = await startHalfRequest(store, '/api/v1/write')
    const now = Date.now() / 1000
    const range = { query: 'mad_over_time(compose_check_load[5m])', start: String(now - 900), end: String(now), step: '0.1' }
    const query = fetch(`${store.url}/api/v1/query_range?${new URLSearchParams(range)}`).then(
      ({ status }) => status,
      (error: Error) => error.message,
    )
    await until(async () => (await runningQueries(store)) > 0, 'the query to run')
    await stopped(store)
    // As Prometheus answers a query that was canceled.
    expect(await query).toBe(499)
  })

  async function runningQueries({ url }: Server): Promise<number> {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(text.match(/^prometheus_engine_queries (\d+)$/m)?.[1])
  }
})

describe('everything in one process', () => {
  test.each(signals)('scraping, evaluating, pushed to and asked all the time, at %s', async (signal) => {
    using folder = makeFolder()
    const [port, gatewayPort] = [await freePort(), await freePort()]
    await using server = await startAll(folder, port, gatewayPort)
    const seen = new Map<number, string>()
    const queries = untilGone(async () => {
      for (const [at, value] of await upSamples(server)) seen.set(at, value)
    })
    const acknowledged = new Map<number, number>()
    const pushes = untilGone(async (number) => {
      const url = `http://127.0.0.1:${gatewayPort}/metrics/job/load/instance/${number % INSTANCES}`
      const { status } = await fetch(url, { method: 'POST', body: `pushed ${number}\n` })
      if (status === 200) acknowledged.set(number % INSTANCES, number)
    })
    await until(() => acknowledged.size === INSTANCES && seen.size > 20, 'a load')
    await stopped(server, signal)
    await Promise.all([queries, pushes])
    expect(readdirSync(folder.path).sort()).toEqual(['data', 'prometheus.yml', 'pushed.db', 'pushed.db.lock', 'rules.yml'])
    expect(readdirSync(dataOf(folder)).sort()).toEqual(['lock', 'store.db'])

    await using again = await startAll(folder, port, gatewayPort)
    const stored = new Map(await upSamples(again))
    expect([...seen].filter(([at, value]) => stored.get(at) !== value)).toEqual([])
    const metrics = await (await fetch(`http://127.0.0.1:${gatewayPort}/metrics`)).text()
    const kept = new Map(
      [...metrics.matchAll(/^pushed\{instance="(\d+)",job="load"\} (\d+)$/gm)].map(([, ...pair]) => [+pair[0]!, +pair[1]!]),
    )
    // The last push may have been taken without its answer coming through.
    expect([...acknowledged].filter(([instance, number]) => !((kept.get(instance) ?? 0) >= number))).toEqual([])
  })

  const INSTANCES = 50

  function startAll(folder: Folder, port: number, gatewayPort: number): Promise<Server> {
    folder.write('rules.yml', 'groups: [{name: g, interval: 100ms, rules: [{record: a, expr: sum(up)}, {alert: A, expr: vector(1)}]}]')
    const config = `global: {scrape_interval: 100ms}\nrule_files: [rules.yml]\n${jobs([`127.0.0.1:${port}`, `127.0.0.1:${gatewayPort}`])}`
    const flags = [
      `--config.file=${folder.write('prometheus.yml', config)}`,
      `--storage.tsdb.path=${dataOf(folder)}`,
      `--pushgateway.web.listen-address=127.0.0.1:${gatewayPort}`,
      `--pushgateway.persistence.file=${join(folder.path, 'pushed.db')}`,
    ]
    return serve([], flags, port)
  }

  async function upSamples(server: Server): Promise<readonly (readonly [number, string])[]> {
    const query = `up{instance="127.0.0.1:${server.port}"}[10m]`
    const { result } = await server.api<{ result: { values: [number, string][] }[] }>(`query?${new URLSearchParams({ query })}`)
    return result.flatMap(({ values }) => values)
  }
})

describe('the scraper', () => {
  test.each(signals)('with a target that hangs, at %s', async (signal) => {
    using folder = makeFolder()
    await using target = await startHanging()
    await using store = await startStore(folder, await freePort())
    const config = `remote_write: [{url: '${store.url}/api/v1/write'}]\n${jobs([target.address], 'scrape_interval: 10s, scrape_timeout: 10s, ')}`
    await using scraper = await serve(['scraper'], [`--config.file=${folder.write('prometheus.yml', config)}`, '--log.level=debug'])
    await until(() => target.requests() > 0, 'a scrape')
    await stopped(scraper, signal)
  })

  test('sends what waits before it ends, to a receiver that comes back in the meantime', async () => {
    using folder = makeFolder()
    const [port, storePort] = [await freePort(), await freePort()]
    const remote = `remote_write: [{url: 'http://127.0.0.1:${storePort}/api/v1/write', queue_config: {max_backoff: 200ms}}]`
    const config = `global: {scrape_interval: 100ms}\n${remote}\n${jobs([`127.0.0.1:${port}`])}`
    await using scraper = await serve(['scraper'], [`--config.file=${folder.write('prometheus.yml', config)}`], port)
    await until(async () => (await waiting(scraper)) > 1000, 'samples to wait')
    const ending = stopped(scraper, 'SIGTERM', 2 * BOUND_MS)
    await until(() => scraper.output().includes('Stopping'), 'the end to begin')
    await using store = await startStore(folder, storePort)
    await ending
    expect(await store.value('count_over_time(up[1m])')).toBeGreaterThan(3)
    expect(scraper.output()).not.toMatch(/level=ERROR/)
  })

  test.each(signals)('with a receiver that hangs: at %s it waits as long as the flush deadline says', async (signal) => {
    using folder = makeFolder()
    await using receiver = await startHanging()
    await using store = await startStore(folder, await freePort())
    const config = `global: {scrape_interval: 100ms}\nremote_write: [{url: 'http://${receiver.address}/write', queue_config: {batch_send_deadline: 10ms}}]\n${jobs([store.url.slice(7)])}`
    const flags = [`--config.file=${folder.write('prometheus.yml', config)}`, '--storage.remote.flush-deadline=1s']
    await using scraper = await serve(['scraper'], flags)
    await until(() => receiver.requests() > 0, 'a write')
    expect(await stopped(scraper, signal, 1_000 + BOUND_MS)).toBeGreaterThan(900)
    expect(scraper.output()).toMatch(/level=ERROR component=remote/)
  })

  async function waiting({ url }: Server): Promise<number> {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(text.match(/^prometheus_remote_storage_samples_pending\{.*\} (\d+)$/m)?.[1])
  }
})

describe('the rule engine', () => {
  const rules = 'groups: [{name: g, interval: 100ms, rules: [{record: a, expr: vector(1)}, {alert: A, expr: vector(1)}]}]'

  test.each(signals)('with a query server that hangs, at %s', async (signal) => {
    using folder = makeFolder()
    await using hanging = await startHanging()
    folder.write('rules.yml', rules)
    const config = folder.write('prometheus.yml', `rule_files: [rules.yml]\nremote_write: [{url: 'http://${hanging.address}/write'}]\n`)
    await using engine = await serve(['rule-engine'], [`--config.file=${config}`, `--query.url=http://${hanging.address}`])
    await until(() => hanging.requests() > 0, 'a query')
    await stopped(engine, signal)
  })

  test.each(signals)('with an Alertmanager and a receiver that hang, at %s', async (signal) => {
    using folder = makeFolder()
    await using hanging = await startHanging()
    await using store = await startStore(folder, await freePort())
    folder.write('rules.yml', rules)
    const alerting = `alerting: {alertmanagers: [{static_configs: [{targets: ['${hanging.address}']}]}]}`
    const remote = `remote_write: [{url: 'http://${hanging.address}/write', queue_config: {batch_send_deadline: 10ms}}]`
    const config = folder.write('prometheus.yml', `rule_files: [rules.yml]\n${alerting}\n${remote}\n`)
    const flags = [`--config.file=${config}`, `--query.url=${store.url}`, '--storage.remote.flush-deadline=1s']
    await using engine = await serve(['rule-engine'], flags)
    await until(() => hanging.requests() > 0, 'a request')
    await stopped(engine, signal, 1_000 + BOUND_MS)
  })

  test('with an Alertmanager that hangs and a store beside it', async () => {
    using folder = makeFolder()
    await using hanging = await startHanging()
    folder.write('rules.yml', rules)
    const alerting = `alerting: {alertmanagers: [{static_configs: [{targets: ['${hanging.address}']}]}]}`
    const config = folder.write('prometheus.yml', `rule_files: [rules.yml]\n${alerting}\n`)
    await using server = await serve(['rule-engine', 'tsdb'], [`--config.file=${config}`, `--storage.tsdb.path=${dataOf(folder)}`])
    await until(() => hanging.requests() > 0, 'an alert')
    await stopped(server)
  })
})

describe('the Pushgateway', () => {
  test.each(signals)('under pushes, one of which never ends, at %s', async (signal) => {
    using folder = makeFolder()
    const port = await freePort()
    const flags = [`--persistence.file=${join(folder.path, 'pushed.db')}`, '--persistence.interval=1h']
    await using first = await serve(['pushgateway'], flags, port)
    using _half = await startHalfRequest(first, '/metrics/job/half')
    let acknowledged = 0
    const pushing = untilGone(async (number) => {
      const { status } = await fetch(`${first.url}/metrics/job/load`, { method: 'PUT', body: `runs ${number}\n` })
      if (status === 200) acknowledged = number
    })
    await until(() => acknowledged > 50, 'pushes')
    await stopped(first, signal)
    await pushing
    await using again = await serve(['pushgateway'], flags, port)
    const found = Number((await (await fetch(`${again.url}/metrics`)).text()).match(/^runs\{.*\} (\d+)$/m)?.[1])
    // The last push may have been taken without its answer coming through.
    expect([acknowledged, acknowledged + 1]).toContain(found)
  })
})
