// Reload of every component as a process of its own: by SIGHUP and by POST, only what changed restarts, and a file that
// is wrong changes nothing.

import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { storedTimes, write } from '../tools/compose-check/stored.ts'
import { freePort, until } from './peer.ts'
import { type Folder, makeFolder, type Server, serve } from './promlet.ts'

const INTERVAL_MS = 500

/** As editors save: a new file is renamed over the old one. */
function save(folder: Folder, name: string, text: string): void {
  renameSync(folder.write(`${name}.new`, text), join(folder.path, name))
}

const ways: Readonly<Record<string, (server: Server) => Promise<void>>> = {
  SIGHUP: async ({ pid }) => void process.kill(pid, 'SIGHUP'),
  'POST /-/reload': async ({ url }) => expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200),
}

/** A sample of a server's own `/metrics`. */
async function metric({ url }: Server, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((line) => line.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length))
}

const wasGood = (server: Server) => metric(server, 'prometheus_config_last_reload_successful')

function startStore(folder: Folder, flags: readonly string[] = [], port?: number): Promise<Server> {
  return serve(['tsdb'], [`--storage.tsdb.path=${join(folder.path, 'data')}`, '--web.enable-remote-write-receiver', ...flags], port)
}

/** Configuration of a scraper or rule engine that sends to the store at once. */
function sendingTo({ url }: Server, rest: string): string {
  return `global: {scrape_interval: ${INTERVAL_MS}ms, evaluation_interval: ${INTERVAL_MS}ms}
remote_write: [{url: '${url}/api/v1/write', queue_config: {batch_send_deadline: 50ms}}]
${rest}`
}

function jobs(targets: Readonly<Record<string, string>>): string {
  const items = Object.entries(targets).map(([name, target]) => `  - {job_name: ${name}, static_configs: [{targets: ['${target}']}]}\n`)
  return items.length === 0 ? '' : `scrape_configs:\n${items.join('')}`
}

/** @throws unless there is one sample per interval: none is missing, none doubled, all in one rhythm. */
function expectSteady(times: readonly number[]): void {
  const [first = 0] = times
  const beats = times.map((time) => Math.round((time - first) / INTERVAL_MS))
  expect(beats, `times of samples: ${times.map((time) => time - first).join(' ')}`).toEqual(times.map((_, index) => index))
}

describe('the scraper', () => {
  test('keeps the rhythm of what did not change over ten reloads, and marks what it no longer scrapes as stale', async () => {
    using folder = makeFolder()
    await using store = await startStore(folder)
    const steady = { steady: store.url.slice(7) }
    const config = (more: Record<string, string>) => sendingTo(store, jobs({ ...steady, ...more }))
    const file = folder.write('prometheus.yml', config({}))
    await using scraper = await serve(['scraper'], [`--config.file=${file}`, '--web.enable-lifecycle'])
    await until(async () => ((await store.value('count_over_time(up{job="steady"}[1m])')) ?? 0) > 2, 'some scrapes')

    for (let round = 0; round < 10; round++) {
      save(folder, 'prometheus.yml', config(round % 2 === 0 ? { other: steady.steady } : {}))
      await (round % 4 < 2 ? ways['SIGHUP'] : ways['POST /-/reload'])?.(scraper)
      const pools = round % 2 === 0 ? ['other', 'steady'] : ['steady']
      await until(async () => {
        const { scrapePools } = await scraper.api<{ scrapePools: string[] }>('scrape_pools')
        return scrapePools.sort().join() === pools.join()
      }, `round ${round} to be taken over`)
      if (round % 2 === 0) await until(async () => (await store.value('up{job="other"}')) === 1, 'a scrape of the job that came')
      // The last sample is far within the lookback: only a stale marker can hide it.
      else await until(async () => (await store.value('up{job="other"}')) === undefined, 'the job that went to be stale')
    }
    expect(await store.value('count_over_time(up{job="other"}[5m])')).toBeGreaterThanOrEqual(5)
    expect(await store.value('scrape_samples_scraped{job="other"}')).toBeUndefined()
    const [series] = await storedTimes(store.url, 'up{job="steady"}[5m]')
    expect(series?.times.length).toBeGreaterThan(10)
    // A loop that starts anew finds all its series new.
    expect(await store.value('max_over_time(scrape_series_added{job="steady"}[4s])')).toBeLessThan(50)
    expect(await store.value('max_over_time(scrape_series_added{job="steady"}[5m])')).toBeGreaterThan(100)
    expectSteady(series?.times ?? [])
  }, 60_000)

  test('sees the target files that an editor replaces, and keeps the targets of a file that turned wrong', async () => {
    using folder = makeFolder()
    const port = await freePort()
    const target = `127.0.0.1:${port}`
    const targets = (...names: string[]) => JSON.stringify(names.map((name) => ({ targets: [target], labels: { name } })))
    folder.write('targets.json', targets('first'))
    const discovery = `scrape_configs: [{job_name: files, file_sd_configs: [{files: [${folder.path}/targets.json]}]}]\n`
    const file = folder.write('prometheus.yml', `global: {scrape_interval: ${INTERVAL_MS}ms}\n${discovery}`)
    await using server = await serve(['scraper', 'tsdb'], [`--config.file=${file}`, '--storage.tsdb.path=:memory:'], port)
    const up = (name: string) => server.value(`up{name="${name}"}`)
    await until(async () => (await up('first')) === 1, 'the first target')

    save(folder, 'targets.json', targets('first', 'second'))
    await until(async () => (await up('second')) === 1, 'the target that came')
    save(folder, 'targets.json', '[{"targets": ')
    await until(async () => (await metric(server, 'prometheus_sd_file_read_errors_total')) === 1, 'the wrong file to be read')
    expect([await up('first'), await up('second')]).toEqual([1, 1])
    save(folder, 'targets.json', targets('second'))
    await until(async () => (await up('first')) === undefined, 'the target that went to be stale')
    expect(await up('second')).toBe(1)
    for (const { times } of await storedTimes(server.url, 'up{name="second"}[5m]')) expectSteady(times)
  })
})

describe('the rule engine', () => {
  test('keeps pending alerts and the rhythm of a group while another group changes', async () => {
    using folder = makeFolder()
    await using store = await startStore(folder)
    const steady = `groups:
  - name: steady
    rules:
      - {record: steady:time, expr: time()}
      - {alert: Waiting, expr: vector(1), for: 1h, labels: {severity: page}}\n`
    folder.write('steady.yml', steady)
    const other = (expr: string) => `groups: [{name: other, rules: [{record: other:value, expr: ${expr}}]}]\n`
    folder.write('other.yml', other('vector(0)'))
    const file = folder.write('prometheus.yml', sendingTo(store, 'rule_files: ["*eady.yml", other.yml]\n'))
    const flags = [`--config.file=${file}`, `--query.url=${store.url}`, '--web.enable-lifecycle']
    await using rules = await serve(['rule-engine'], flags)
    await until(async () => (await store.value('ALERTS{alertstate="pending"}')) === 1, 'the alert to be pending')
    await until(async () => (await store.value('other:value')) === 0, 'the other group')
    const alerts = () => rules.api<{ alerts: { activeAt: string; state: string }[] }>('alerts')
    const before = await alerts()
    expect(before).toMatchObject({ alerts: [{ state: 'pending', labels: { alertname: 'Waiting' } }] })

    for (const [round, reload] of [...Object.values(ways), ...Object.values(ways)].entries()) {
      save(folder, 'other.yml', other(`vector(${round + 1})`))
      await reload(rules)
      await until(async () => (await store.value('other:value')) === round + 1, `the rule of round ${round}`)
      expect(await alerts()).toEqual(before)
    }
    // A file that comes and one that goes, under the same patterns.
    folder.write('ready.yml', 'groups: [{name: came, rules: [{record: came:value, expr: vector(1)}]}]')
    save(folder, 'other.yml', 'groups: []\n')
    await ways['SIGHUP']?.(rules)
    await until(async () => (await store.value('came:value')) === 1, 'the rule file that came')
    await until(async () => (await store.value('other:value')) === undefined, 'the group that went to be stale')
    expect(await alerts()).toEqual(before)

    for (const name of ['steady:time', 'ALERTS_FOR_STATE']) {
      const [series, ...more] = await storedTimes(store.url, `${name}[5m]`)
      expect(more).toEqual([])
      expectSteady(series?.times ?? [])
    }
    expect(await store.value('ALERTS_FOR_STATE')).toBe(Math.floor(Date.parse(before.alerts[0]?.activeAt ?? '') / 1000))
    expect(await store.value('changes(ALERTS_FOR_STATE[5m])')).toBe(0)
  }, 60_000)
})

describe('the store', () => {
  test.each(Object.entries(ways))('takes the storage section over by %s', async (_, reload) => {
    using folder = makeFolder()
    const file = folder.write('prometheus.yml', '')
    await using store = await startStore(folder, [`--config.file=${file}`, '--web.enable-lifecycle'])
    const now = Date.now()
    await write(store.url, [{ __name__: 'late' }], now, 2)
    await expect(write(store.url, [{ __name__: 'late' }], now - 60_000, 1)).rejects.toThrow(/out of order/)
    save(folder, 'prometheus.yml', 'storage: {tsdb: {out_of_order_time_window: 10m}}\n')
    await reload(store)
    await until(async () => {
      await write(store.url, [{ __name__: 'late' }], now - 60_000, 1)
      return true
    }, 'late samples to be taken')
    expect(await store.value('count_over_time(late[5m])')).toBe(2)
  })
})

describe('a file that is wrong changes nothing and everything wrong is told', () => {
  const bad = 'global: {scrape_interval: never}\nscrap_configs: []\nrule_files: [bad-rules.yml]\n'
  const badRules = 'groups: [{name: g, rules: [{record: a, expr: "sum("}]}]\n'
  const all = /prometheus\.yml:1:\d+.*never[\s\S]*prometheus\.yml:2:1.*scrap_configs[\s\S]*bad-rules\.yml:1:\d+.*unclosed left parenthesis/

  test.each(['scraper', 'rule-engine', 'tsdb'])('%s', async (component) => {
    using folder = makeFolder()
    folder.write('bad-rules.yml', badRules)
    folder.write('rules.yml', 'groups: [{name: g, rules: [{record: a, expr: vector(1)}]}]\n')
    const good = `remote_write: [{url: 'http://127.0.0.1:1/write'}]\nrule_files: [rules.yml]\n${jobs({ a: '127.0.0.1:1' })}`
    const file = folder.write('prometheus.yml', good)
    const flags = [`--config.file=${file}`, '--web.enable-lifecycle', '--storage.remote.flush-deadline=0s']
    if (component === 'tsdb') flags.push('--storage.tsdb.path=:memory:')
    if (component === 'rule-engine') flags.push('--query.url=http://127.0.0.1:1')
    await using server = await serve([component], flags)
    const state = async () => JSON.stringify([await server.api('status/config'), await stateOf(server, component)])
    const before = await state()
    const since = await metric(server, 'prometheus_config_last_reload_success_timestamp_seconds')
    expect(await wasGood(server)).toBe(1)

    save(folder, 'prometheus.yml', bad)
    const answer = await fetch(`${server.url}/-/reload`, { method: 'POST' })
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringMatching(all)])
    expect(await wasGood(server)).toBe(0)
    const logged = server.output().length
    process.kill(server.pid, 'SIGHUP')
    await until(() => all.test(server.output().slice(logged)), 'the problems in the log')
    expect(await wasGood(server)).toBe(0)
    expect(await metric(server, 'prometheus_config_last_reload_success_timestamp_seconds')).toBe(since)
    expect(await state()).toBe(before)

    save(folder, 'prometheus.yml', good)
    await ways['SIGHUP']?.(server)
    await until(async () => (await wasGood(server)) === 1, 'the good file to be taken')
    expect(await state()).toBe(before)
    expect(await server.stop()).toBe(0)
  })

  /** What the component does, as the API tells it, without times. */
  async function stateOf(server: Server, component: string): Promise<unknown> {
    if (component === 'scraper') return server.api('scrape_pools')
    if (component === 'tsdb') return server.api('status/flags')
    const { groups } = await server.api<{ groups: { name: string; rules: { query: string }[] }[] }>('rules')
    return groups.map(({ name, rules }) => [name, rules.map(({ query }) => query)])
  }
})

test('the Pushgateway has no configuration, and SIGHUP does it no harm', async () => {
  using folder = makeFolder()
  const file = join(folder.path, 'pushed.db')
  await using gateway = await serve(['pushgateway'], [`--persistence.file=${file}`])
  await fetch(`${gateway.url}/metrics/job/backup`, { method: 'POST', body: 'backup_size_bytes 42\n' })
  process.kill(gateway.pid, 'SIGHUP')
  await until(() => gateway.output().includes('Configuration loaded'), 'the log line')
  expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('backup_size_bytes{instance="",job="backup"} 42\n')
  expect(await gateway.stop()).toBe(0)
})
