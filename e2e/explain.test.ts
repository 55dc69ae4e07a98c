// Explaining and testing queries from the command line, as a user does.

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { conformanceFiles, conformancePath, hasConformance } from '../conformance/data.ts'
import { freePort, until } from './peer.ts'
import { makeFolder, PROMLET, serve } from './promlet.ts'

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function promlet(...args: readonly string[]): Promise<Ended> {
  const child = spawn(PROMLET, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  return new Promise((end) => child.once('close', (code) => end({ code, ...texts })))
}

describe('promlet query explain', () => {
  test('asks a server, or reads its store, and says why an answer is empty', async () => {
    using folder = makeFolder()
    const port = await freePort()
    const target = `127.0.0.1:${port}`
    const jobs = `scrape_configs: [{job_name: promlet, static_configs: [{targets: ['${target}']}]}]\n`
    const file = folder.write('prometheus.yml', `global: {scrape_interval: 1s}\n${jobs}`)
    const data = join(folder.path, 'data')
    await using server = await serve(['scraper', 'tsdb'], [`--config.file=${file}`, `--storage.tsdb.path=${data}`], port)
    await until(async () => (await server.value('up')) === 1, 'the target to be up')

    const whole = await promlet('query', 'explain', `--url=${server.url}`, 'sum by (job) (up) + on (job) count by (job) (up)')
    expect(whole).toMatchObject({ code: 0, err: '' })
    expect(whole.out).toContain('matched by on (job): 1')
    expect(whole.out).toContain(`= up{instance="${target}", job="promlet"} 1`)

    const empty = await promlet('query', 'explain', `--storage.tsdb.path=${data}`, 'rate(uq[1m])')
    expect(empty.code).toBe(0)
    expect(empty.out).toContain('1:6: no metric is called "uq"; did you mean up?')

    const now = Date.now() / 1000
    const range = ['--format=json', `--start=${now - 10}`, `--end=${now}`, '--step=5s']
    const json = await promlet('query', 'explain', `--url=${server.url}`, ...range, 'up')
    expect(JSON.parse(json.out)).toMatchObject({ extension: 'promlet', step: 5, tree: { steps: 3 } })

    const wrong = await promlet('query', 'explain', `--url=${server.url}`, 'rate(up)')
    expect(wrong.code).toBe(1)
    expect(wrong.err).toContain('1 | rate(up)\n         ^^')
  }, 60_000)
})

describe('promlet test promql', () => {
  const testdata = resolve(import.meta.dirname, '../packages/promql/testdata')
  const scripts = (folder: string) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.test'))
      .map((file) => join(folder, file))

  test('passes what is right', async () => {
    const { code, out } = await promlet('test', 'promql', ...scripts(testdata))
    expect(out).toMatch(/^\d+ passed, 0 failed\n$/)
    expect(code).toBe(0)
  }, 60_000)

  test.skipIf(!hasConformance)(
    'passes the scripts of Prometheus',
    async () => {
      const { code, out } = await promlet('test', 'promql', ...conformanceFiles('promql').map((file) => conformancePath(`promql/${file}`)))
      expect(out).toMatch(/^\d+ passed, 0 failed\n$/)
      expect(code).toBe(0)
    },
    60_000,
  )

  test('fails each script that expects something wrong, and says where', async () => {
    const wrong = scripts(join(testdata, 'wrong'))
    expect(wrong.length).toBeGreaterThanOrEqual(7)
    const { code, out } = await promlet('test', 'promql', ...wrong)
    expect({ code, last: out.trimEnd().split('\n').at(-1) }).toEqual({ code: 1, last: `0 passed, ${wrong.length} failed` })
    for (const file of wrong) {
      const report = out.slice(out.indexOf(`${file}:`))
      expect(report.slice(file.length), file).toMatch(/^:\d+: /)
      // In two columns, or one below the other where they are too wide.
      expect(report, file).toMatch(/^.*\n {2}(?:expected +got\n {2}|expected: )/)
    }
  }, 120_000)
})
