import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freePort, until } from './peer.ts'
import { makeFolder, PROMLET, type Server, serve } from './promlet.ts'

const rules = `
groups:
  - name: example
    rules:
      - record: job:up:count
        expr: count by (job) (up)
      - alert: AlwaysFiring
        expr: vector(1)
`

function config(jobs: readonly { readonly name: string; readonly target: string }[]): string {
  const scrapes = jobs.map(({ name, target }) => `  - job_name: ${name}\n    static_configs: [{targets: ['${target}']}]\n`)
  return `global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs:\n${scrapes.join('')}`
}

describe('promlet serve', () => {
  test('scrapes itself, records, fires an alert, reloads by SIGHUP and by POST, and stops cleanly', async () => {
    using folder = makeFolder()
    const port = await freePort()
    const target = `127.0.0.1:${port}`
    folder.write('rules.yml', rules)
    const file = folder.write('prometheus.yml', config([{ name: 'promlet', target }]))
    const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder.path, 'data')}`, '--web.enable-lifecycle']
    await using server = await serve(['scraper', 'tsdb', 'rule-engine'], flags, port)

    await until(async () => (await server.value('up{job="promlet"}')) === 1, 'the target to be up')
    await until(async () => (await server.value('job:up:count')) === 1, 'the recording rule')
    await until(async () => (await server.value('ALERTS{alertstate="firing"}')) === 1, 'the alert')
    expect(await server.api('alerts')).toMatchObject({
      alerts: [{ labels: { alertname: 'AlwaysFiring' }, state: 'firing', value: '1e+00' }],
    })

    folder.write(
      'prometheus.yml',
      config([
        { name: 'promlet', target },
        { name: 'second', target },
      ]),
    )
    process.kill(server.pid, 'SIGHUP')
    await until(async () => (await poolsOf(server)).includes('second'), 'the job that SIGHUP brings')

    folder.write('prometheus.yml', config([{ name: 'third', target }]))
    expect((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status).toBe(200)
    expect(await poolsOf(server)).toEqual(['third'])

    folder.write('prometheus.yml', 'global: {scrape_interval: never}\nscrap_configs: []\n')
    const refused = await fetch(`${server.url}/-/reload`, { method: 'POST' })
    expect(refused.status).toBe(500)
    expect(await refused.text()).toMatch(/prometheus\.yml:1:\d+.*never[\s\S]*prometheus\.yml:2:1.*scrap_configs/)
    expect(await poolsOf(server)).toEqual(['third'])
    await until(
      async () => (await server.value('prometheus_config_last_reload_successful')) === 0,
      'the failed reload to be seen in a metric',
    )

    expect(await server.stop('SIGTERM')).toBe(0)
  })

  test('a port that is taken, a folder in use and a folder that cannot be written are one clear line and exit code 1', async () => {
    using folder = makeFolder()
    const file = folder.write('prometheus.yml', config([]))
    folder.write('rules.yml', rules)
    const data = join(folder.path, 'data')
    await using server = await serve(['scraper', 'tsdb', 'rule-engine'], [`--config.file=${file}`, `--storage.tsdb.path=${data}`])

    const taken = promlet(`--config.file=${file}`, '--storage.tsdb.path=:memory:', `--web.listen-address=127.0.0.1:${server.port}`)
    expect(taken).toEqual({
      status: 1,
      error: expect.stringMatching(/^promlet serve: listen tcp 127\.0\.0\.1:\d+: bind: address already in use\n$/),
    })
    const locked = promlet(`--config.file=${file}`, `--storage.tsdb.path=${data}`, '--web.listen-address=127.0.0.1:0')
    expect(locked).toEqual({ status: 1, error: expect.stringMatching(/^promlet serve: .*data.*\n$/) })
    const under = folder.write('a-file', '')
    const unwritable = promlet(`--config.file=${file}`, `--storage.tsdb.path=${join(under, 'data')}`, '--web.listen-address=127.0.0.1:0')
    expect(unwritable).toEqual({ status: 1, error: expect.stringMatching(/^promlet serve: .*a-file.*\n$/) })
    const missing = promlet('--config.file=/nowhere.yml')
    expect(missing).toEqual({ status: 1, error: expect.stringContaining('/nowhere.yml') })
    expect(promlet('--web.listen-adress=x')).toEqual({ status: 1, error: expect.stringContaining('did you mean --web.listen-address?') })
  })
})

async function poolsOf(server: Server): Promise<string[]> {
  return (await server.api<{ scrapePools: string[] }>('scrape_pools')).scrapePools
}

/** Starts a server that cannot start. */
function promlet(...flags: string[]): { status: number | null; error: string } {
  const { status, stderr } = spawnSync(PROMLET, ['serve', 'scraper', 'tsdb', 'rule-engine', '--log.level=error', ...flags], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, error: stderr }
}
