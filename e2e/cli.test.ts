// The commands of the command line as a person types them: what they print where, and how they end.

import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freePort, run, until } from './peer.ts'
import { type Folder, makeFolder, PROMLET, serve } from './promlet.ts'

const root = resolve(import.meta.dirname, '..')

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command that ends by itself. */
function promlet(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(PROMLET, args, { encoding: 'utf8', timeout: 20_000, cwd: root })
  return { code: status, out: stdout, err: stderr }
}

function startOnItself(folder: Folder, port: number) {
  const file = folder.write(
    'prometheus.yml',
    `global: {scrape_interval: 200ms}\nscrape_configs: [{job_name: promlet, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`,
  )
  return serve(['scraper', 'tsdb'], [`--config.file=${file}`, `--storage.tsdb.path=${join(folder.path, 'data')}`], port)
}

test('queries ask a server, the store it writes, and that store when it has stopped', async () => {
  using folder = makeFolder()
  const port = await freePort()
  const data = `--storage.tsdb.path=${join(folder.path, 'data')}`
  await using server = await startOnItself(folder, port)
  await until(async () => ((await server.value('count_over_time(up[1m])')) ?? 0) >= 3, 'some scrapes')
  const url = `--url=${server.url}`
  const up = /^up\{instance="127\.0\.0\.1:\d+", job="promlet"\} => 1 @\[\d+(\.\d+)?\]\n$/

  expect(promlet('query', 'instant', url, 'up')).toEqual({ code: 0, out: expect.stringMatching(up), err: '' })
  expect(promlet('query', 'instant', data, 'up')).toEqual({ code: 0, out: expect.stringMatching(up), err: '' })
  const json = promlet('query', 'instant', url, '--format=json', 'up')
  expect(JSON.parse(json.out)).toMatchObject({
    resultType: 'vector',
    result: [{ metric: { job: 'promlet' }, value: [expect.any(Number), '1'] }],
  })
  const now = Math.floor(Date.now() / 1000)
  expect(promlet('query', 'range', url, `--start=${now - 2}`, `--end=${now}`, '--step=1', 'vector(7)')).toEqual({
    code: 0,
    out: `{} =>\n7 @[${now - 2}]\n7 @[${now - 1}]\n7 @[${now}]\n`,
    err: '',
  })
  expect(promlet('query', 'instant', url, 'nothing')).toEqual({
    code: 0,
    out: '',
    err: 'No series matches, or none has a value at that time.\n',
  })
  const caret = '1:12: parse error: unclosed left parenthesis\n1 | sum(rate(up\n               ^\nthe query ends here; expected ")"\n'
  for (const where of [url, data]) expect(promlet('query', 'instant', where, 'sum(rate(up')).toEqual({ code: 1, out: '', err: caret })

  expect(await server.stop()).toBe(0)
  expect(promlet('query', 'instant', data, 'up')).toEqual({ code: 0, out: expect.stringMatching(up), err: '' })
  expect(promlet('tsdb', 'analyze', join(folder.path, 'data')).out).toMatch(
    /Samples +\d+[\s\S]*Label pairs by series:\n +series +pair\n +\d+ +/,
  )
  expect(promlet('query', 'instant', url, 'up')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/connection refused\nDoes a server run there\?/),
  })
  expect(promlet('query', 'instant', `--storage.tsdb.path=${folder.path}`, 'up')).toEqual({
    code: 1,
    out: '',
    err: `promlet query instant: ${join(folder.path, 'store.db')}: there is no such file\n`,
  })
})

describe('check', () => {
  test('names everything that is wrong, with its place, and says of the rest that it is fine', () => {
    using folder = makeFolder()
    const good = folder.write('good.yml', 'groups: [{name: g, rules: [{record: job:up:sum, expr: sum by (job) (up)}]}]')
    const bad = folder.write(
      'bad.yml',
      'global:\n  scrape_interval: often\nscrape_configs:\n  - job_name: a\n    metric_path: /m\nrule_files: [rules.yml]\n',
    )
    folder.write('rules.yml', 'groups:\n  - name: g\n    rules:\n      - {alert: A, expr: up ==}\n')
    expect(promlet('check', 'config', bad)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /bad\.yml: 3 problems\n.*bad\.yml:2:20: .*often.*\n.*bad\.yml:5:5: .*metric_path.*did you mean metrics_path\?\n.*rules\.yml:4:\d+: .*unexpected end of input.*\n$/,
      ),
    })
    expect(promlet('check', 'rules', good)).toEqual({ code: 0, out: `${good}: fine: 1 group, 1 rule\n`, err: '' })
  })

  test('finds nothing wrong with the files of the project', () => {
    expect(promlet('check', 'config', 'prometheus.yml').code).toBe(0)
    expect(promlet('test', 'rules', 'rules/tests/examples.yml', 'rules/tests/promlet.yml')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/\n\d+ passed, 0 failed\n$/),
    })
  })
})

test('test promql tells a wrong script from a right one', () => {
  using folder = makeFolder()
  const script = 'load 1m\n  http_requests_total{job="a"} 0+10x10\n\neval instant at 5m sum(http_requests_total)\n  {} 50\n'
  expect(promlet('test', 'promql', folder.write('right.test', script))).toEqual({ code: 0, out: '1 passed, 0 failed\n', err: '' })
  const wrong = folder.write('wrong.test', script.replace('{} 50', '{} 51'))
  expect(promlet('test', 'promql', wrong)).toEqual({
    code: 1,
    out: `${wrong}:4: sum(http_requests_total): {} at 300s: expected 51, got 50\n  expected   got\n  {} 51    | {} 50\n0 passed, 1 failed\n`,
    err: '',
  })
})

describe('promlet', () => {
  test('without a command lists the commands; an unknown one ends with exit code 2', () => {
    expect(promlet()).toEqual(promlet('--help'))
    expect(promlet()).toMatchObject({ code: 0, out: expect.stringMatching(/^ {2}serve +Runs/m), err: '' })
    expect(promlet('srve')).toEqual({ code: 2, out: '', err: 'promlet: there is no command "srve"; did you mean "promlet serve"?\n' })
    expect(promlet('--version').out).toMatch(/^promlet, version \d+\.\d+\.\d+\n$/)
  })

  test('describes the flags that a choice of components takes', () => {
    expect(promlet('serve', '--help').out).toMatch(/--pushgateway\.persistence\.file/)
    expect(promlet('help', 'serve', 'pushgateway').out).toMatch(/^ {2}--persistence\.file/m)
    expect(promlet('serve', 'tsdb', '--help').out).not.toMatch(/persistence/)
  })

  test('a reader that has seen enough is no error', () => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', '"$0" serve --help | head -1; "$0" --help | true', PROMLET], {
      encoding: 'utf8',
    })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'Usage: promlet serve [COMPONENT …] [flags]\n', stderr: '' })
  })

  test('with --log.format=json every line is one, of every component', async () => {
    using folder = makeFolder()
    const config = folder.write('prometheus.yml', `remote_write: [{url: 'http://127.0.0.1:1/w'}]\n`)
    for (const component of ['scraper', 'rule-engine', 'tsdb', 'pushgateway']) {
      const flags = ['--web.listen-address=127.0.0.1:0', '--log.format=json', '--log.level=debug']
      if (component === 'tsdb') flags.push('--storage.tsdb.path=:memory:')
      if (component === 'scraper' || component === 'rule-engine') flags.push(`--config.file=${config}`)
      if (component === 'rule-engine') flags.push('--query.url=http://127.0.0.1:1')
      await using running = run(PROMLET, ['serve', component, ...flags])
      await until(() => running.output().includes('Promlet is running'), 'the log line')
      expect(await running.stop()).toBe(0)
      const lines = running.output().trim().split('\n')
      expect(lines.map((line) => JSON.parse(line))).toContainEqual(
        expect.objectContaining({ level: 'INFO', msg: 'Promlet is running', components: [component] }),
      )
    }
  })
})
