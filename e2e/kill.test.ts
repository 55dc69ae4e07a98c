// What was acknowledged is there after kill -9. The sending process is this one: it notes what was acknowledged to it,
// the server is killed at random moments, and in the end every noted sample has to be there with its value.

import { join } from 'node:path'
import { parsePrometheusConfig } from '@promlet/config'
import { createHttpClientFactory } from '@promlet/http'
import { Labels, systemClock } from '@promlet/model'
import { startRemoteWrite } from '@promlet/remote'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { expect, test } from 'vitest'
import { freePort, until } from './peer.ts'
import { type Folder, makeFolder, type Server, serve } from './promlet.ts'

const ROUNDS = Number(process.env['PROMLET_KILLS'] ?? 6)
const SERIES = 200

interface Samples {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, string])[]
}

test(`remote write: nothing acknowledged is lost over ${ROUNDS} kills`, async () => {
  using folder = makeFolder()
  const port = await freePort()
  const acknowledged: number[] = []
  let lastAt = Date.now()
  for (let round = 0; round < ROUNDS; round++) {
    const server = await startStore(folder, port)
    const sender = await startSender(server.url)
    const killed = pause(100 + Math.random() * 700).then(() => server.stop('SIGKILL'))
    const layout = sender.series
    while (server.process.exitCode === null && server.process.signalCode === null) {
      lastAt = Math.max(lastAt + 1, Date.now())
      const at = lastAt
      const outcome = await Promise.race([sender.write(layout, at).then(() => 'acknowledged'), killed.then(() => 'killed')])
      if (outcome === 'acknowledged') acknowledged.push(at)
    }
    await killed
    await sender.close()
  }
  await using server = await startStore(folder, port)
  const bySeries = await stored(server, 'load_value')
  expect(bySeries.length).toBe(SERIES)
  expect(acknowledged.length).toBeGreaterThan(ROUNDS)
  for (const { metric, values } of bySeries) {
    const found = new Map(values.map(([at, value]) => [Math.round(at * 1000), Number(value)]))
    const lost = acknowledged.filter((at) => found.get(at) !== expectedValue(Number(metric['number']), at))
    expect(lost, `series ${metric['number']}`).toEqual([])
  }
  process.stderr.write(`${ROUNDS} kills, ${acknowledged.length} acknowledged batches of ${SERIES} samples, none lost\n`)
}, 180_000)

test(`scraping: what a query has shown is still there over ${ROUNDS} kills`, async () => {
  using folder = makeFolder()
  const port = await freePort()
  const config = `global: {scrape_interval: 100ms, scrape_timeout: 100ms}\nscrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`
  const file = folder.write('prometheus.yml', config)
  const seen = new Map<number, string>()
  for (let round = 0; round < ROUNDS; round++) {
    const server = await startStore(folder, port, file)
    const before = seen.size
    await until(async () => {
      for (const { values } of await stored(server, 'up')) for (const [at, value] of values) seen.set(at, value)
      return seen.size > before + 3 + Math.random() * 5
    }, 'scrapes')
    await server.stop('SIGKILL')
  }
  await using server = await startStore(folder, port, file)
  const found = new Map((await stored(server, 'up')).flatMap(({ values }) => [...values]))
  expect([...seen].filter(([at, value]) => found.get(at) !== value)).toEqual([])
  process.stderr.write(`${ROUNDS} kills, ${seen.size} scrapes seen, none lost\n`)
}, 180_000)

function startStore(folder: Folder, port: number, config?: string): Promise<Server> {
  const flags = [`--storage.tsdb.path=${join(folder.path, 'data')}`, '--web.enable-remote-write-receiver']
  return config === undefined ? serve(['tsdb'], flags, port) : serve(['scraper', 'tsdb'], [...flags, `--config.file=${config}`], port)
}

async function startSender(url: string) {
  const { remoteWrite } = parsePrometheusConfig(`remote_write: [{url: '${url}/api/v1/write', queue_config: {batch_send_deadline: 1ms}}]`, {
    file: 'sender.yml',
  })
  const options = {
    clock: systemClock,
    logger: silentLogger,
    registry: createRegistry(),
    httpClient: createHttpClientFactory({ clock: systemClock }),
  }
  const sender = await startRemoteWrite({ config: remoteWrite, externalLabels: Labels.empty, flushDeadlineMs: 1, ...options })
  const appender = sender.appender()
  const series = Array.from({ length: SERIES }, (_, number) =>
    appender.series(Labels.of({ __name__: 'load_value', number: String(number) })),
  )
  return {
    series,
    close: () => sender.close(),
    async write(refs: typeof series, at: number) {
      const batch = sender.appender()
      for (const [number, ref] of refs.entries()) batch.append(ref, at, expectedValue(number, at))
      await batch.commit().catch(() => new Promise(() => {}))
    },
  }
}

function expectedValue(number: number, at: number): number {
  return number * 1e6 + (at % 1e6)
}

async function stored(server: Server, name: string): Promise<readonly Samples[]> {
  return (await server.api<{ result: Samples[] }>(`query?${new URLSearchParams({ query: `${name}[1h]` })}`)).result
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
