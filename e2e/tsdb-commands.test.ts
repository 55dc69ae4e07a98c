// The commands that read, check, copy and fill a store, as a person types them: beside a running server, on a folder that
// cannot be written, and against promtool and a real Prometheus.

import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { conformanceJson, hasConformance } from '../conformance/data.ts'
import { findPeer, freePort, run, until, untilOk } from './peer.ts'
import { api, type Folder, makeFolder, PROMLET, serve } from './promlet.ts'

const root = resolve(import.meta.dirname, '..')
const promtool = findPeer('promtool')
const prometheus = findPeer('prometheus')

/** Generous: the machine may be busy with other tests. */
const LIMIT_MS = 240_000
const NOBODY = 65_534

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function start(program: string, args: readonly string[], input: string | Buffer = '', user?: number): Ended {
  const as = user === undefined ? {} : { uid: user, gid: user }
  const options = { encoding: 'utf8', timeout: LIMIT_MS, cwd: root, input, maxBuffer: 2 ** 28, ...as } as const
  const { status, stdout, stderr } = spawnSync(program, args, options)
  return { code: status, out: stdout, err: stderr }
}

const promlet = (...args: string[]) => start(PROMLET, args)
const fed = (input: string, ...args: string[]) => start(PROMLET, args, input)

/** Half an hour of a few metrics up to a minute ago, in no particular order, at times that are no whole seconds. */
function exposition(): string {
  const end = Math.floor(Date.now() / 1000) * 1000 - 60_000
  const lines: string[] = []
  for (let step = 0; step < 120; step++) {
    for (const [index, instance] of ['api-1:8080', 'api-2:8080', 'web "3"\\n'].entries()) {
      const at = ((end - (120 - step) * 15_000 + index * 1_337 + (step % 7) + 311) / 1000).toFixed(3)
      const labels = `instance="${instance.replaceAll('"', '\\"')}",job="api"`
      lines.push(`http_requests_total{${labels},code="200"} ${step * 37 + index}.25 ${at}`)
      lines.push(`temperature_celsius{${labels}} ${Math.sin(step / 9) * 20} ${at}`)
      for (const le of ['0.1', '1.0', '+Inf'])
        lines.push(`latency_seconds_bucket{${labels},le="${le}"} ${step * (le.length + index)} ${at}`)
    }
  }
  lines.sort((left, right) => left.length - right.length || (left < right ? 1 : -1))
  const head = '# HELP http_requests All requests.\n# TYPE http_requests counter\n# TYPE latency_seconds histogram\n'
  return `${head}${lines.join('\n')}\n# EOF\n`
}

/** A store of it, and the name of its folder. */
function makeStore(folder: Folder, name = 'store'): string {
  const path = join(folder.path, name)
  expect(fed(exposition(), 'tsdb', 'import', '-', path)).toEqual({
    code: 0,
    out: 'Imported 1,800 samples of 15 series, 0 exemplars and the metadata of 2 metrics.\n',
    err: '',
  })
  return path
}

const told = (samples: string, series: string) => `Dumped ${samples} samples and 0 exemplars of ${series} series.\n`

describe('a store that is not in use', () => {
  test(
    'is the same again when it is dumped and imported, in both forms, by file and by pipe',
    () => {
      using folder = makeFolder()
      const first = makeStore(folder)
      for (const format of ['openmetrics', 'promlet']) {
        const dump = promlet('tsdb', 'dump', `--format=${format}`, first)
        expect({ code: dump.code, err: dump.err }).toEqual({ code: 0, err: told('1,800', '15') })
        const [copy, file] = [join(folder.path, `copy-${format}`), join(folder.path, `${format}.dump`)]
        expect(fed(dump.out, 'tsdb', 'import', '-', copy).code).toBe(0)
        expect(promlet('tsdb', 'dump', `--format=${format}`, '-o', file, copy)).toEqual({ code: 0, out: '', err: told('1,800', '15') })
        expect(readFileSync(file, 'utf8')).toBe(dump.out)
        // What is there already is taken again without a word.
        expect(promlet('tsdb', 'import', file, copy)).toMatchObject({ code: 0, err: '' })
        expect(promlet('tsdb', 'dump', `--format=${format}`, copy).out).toBe(dump.out)
        expect(promlet('tsdb', 'verify', copy).out).toMatch(/^Checked .* the index of 15 series, .*\nAll is whole: 1,800 samples\.\n$/)
      }
    },
    LIMIT_MS,
  )

  test(
    'is dumped in part',
    () => {
      using folder = makeFolder()
      const path = makeStore(folder)
      const lines = (...args: string[]) =>
        promlet('tsdb', 'dump', ...args, path)
          .out.split('\n')
          .filter((line) => /^[a-z{]/.test(line))
      expect(lines('--match=temperature_celsius{instance="api-1:8080",job="api"}')).toHaveLength(120)
      expect(lines('--match', 'temperature_celsius', '--match={__name__="http_requests_total"}')).toHaveLength(720)
      const times = lines('--match=temperature_celsius{instance="api-1:8080"}').map((line) => Number(line.split(' ').at(-1)))
      const [from, to] = [Math.round((times[10] as number) * 1000), new Date(Math.round((times[19] as number) * 1000)).toISOString()]
      expect(lines('--match=temperature_celsius{instance="api-1:8080"}', `--min-time=${from}`, `--max-time=${to}`)).toHaveLength(10)
      expect(promlet('tsdb', 'dump', '--match=up{', path)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('unexpected') })
    },
    LIMIT_MS,
  )

  test(
    'refuses a file with an error, with its place, and takes nothing of it',
    () => {
      using folder = makeFolder()
      const path = join(folder.path, 'store')
      const refuses = (text: string, message: string) => {
        const file = folder.write('bad.om', text)
        expect(promlet('tsdb', 'import', file, path)).toEqual({
          code: 1,
          out: '',
          err: `promlet tsdb import: ${file}:${message}; nothing was imported\n`,
        })
      }
      refuses('up 1 1\nup 2\n# EOF\n', '2:3: expected timestamp for series {__name__="up"}, got none')
      refuses('up 1 1\n', '2:1: data does not end with # EOF')
      refuses('', '1:1: data does not end with # EOF')
      refuses('{"promlet_dump":1}\n{"series":1}\n', '2:2: expected an object of label names and values')
      expect(promlet('tsdb', 'verify', path).out).toMatch(/All is whole: 0 samples/)
      expect(promlet('tsdb', 'import', join(folder.path, 'none'), path).err).toMatch(/none: it cannot be read: ENOENT/)
    },
    LIMIT_MS,
  )

  test(
    'counts what it refuses',
    () => {
      using folder = makeFolder()
      const [path, now] = [join(folder.path, 'store'), Math.floor(Date.now() / 1000)]
      const text = `up 1 ${now}\nup 2 ${now}\nup 3 ${now + 7200}\n# EOF\n`
      const { code, out, err } = fed(text, 'tsdb', 'import', '-', path)
      expect({ code, out }).toEqual({ code: 1, out: 'Imported 1 sample of 1 series, 0 exemplars and the metadata of 0 metrics.\n' })
      expect(err).toMatch(
        /^refused: 1 sample: another value at the time of a stored sample\nrefused: 1 sample: more than ten minutes ahead of the clock\nthe first one: the sample of /,
      )
    },
    LIMIT_MS,
  )

  test(
    'that is damaged is said to be, part by part, and what can be read is saved',
    () => {
      using folder = makeFolder()
      const path = makeStore(folder)
      const whole = new Set(promlet('tsdb', 'dump', path).out.split('\n'))
      const database = new DatabaseSync(join(path, 'store.db'))
      database.exec("UPDATE chunk SET data = CAST(x'ff' || substr(data, 2) AS BLOB) WHERE id = (SELECT min(id) FROM chunk)")
      database.close()
      expect(promlet('tsdb', 'verify', path)).toEqual({
        code: 1,
        out: expect.stringMatching(/^Checked the database file and the index of 15 series, .*\n1,680 of 1,800 samples can be read\.\n$/),
        err: expect.stringMatching(
          /^damaged: block 1, series \d+ \{__name__="\w+", .*\}: chunk \d+: its checksum does not fit its content\ndamaged: block 1: it says 1800 samples, 1680 can be read\n$/,
        ),
      })
      const saved = promlet('tsdb', 'dump', path)
      expect(saved).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^Dumped 1,680 samples .*\ndamaged: \{__name__="\w+", .*\} from .* to .*: chunk /),
      })
      for (const line of saved.out.split('\n').filter((text) => /^[a-z]/.test(text))) expect(whole.has(line), line).toBe(true)
    },
    LIMIT_MS,
  )

  test(
    'with a damaged batch answers queries with the rest, and says so',
    () => {
      using folder = makeFolder()
      const path = makeStore(folder)
      const database = new DatabaseSync(join(path, 'store.db'))
      database.exec("INSERT INTO batch SELECT batch_floor + 1, 2, NULL, 1, 1, 1, x'00' FROM state")
      database.close()
      expect(promlet('query', 'instant', `--storage.tsdb.path=${path}`, 'count(last_over_time({job="api"}[1h]))')).toEqual({
        code: 0,
        out: expect.stringMatching(/^\{\} => 15 @/),
        err: expect.stringMatching(/^time=\S+ level=ERROR msg="a part of the store is damaged; it is put aside" err="batch \d+: .*"\n$/),
      })
    },
    LIMIT_MS,
  )

  test(
    'answers queries, SQL and dumps from a folder that its reader cannot write',
    () => {
      using folder = makeFolder()
      const path = makeStore(folder)
      chmodSync(join(path, 'store.db'), 0o444)
      chmodSync(path, 0o555)
      chmodSync(folder.path, 0o755)
      // To root nothing is read-only; another user may not be let into the checkout.
      const canBeNobody = process.getuid?.() === 0 && start(PROMLET, ['--version'], '', NOBODY).code === 0
      const user = canBeNobody ? NOBODY : undefined
      const asUser = (...args: string[]) => start(PROMLET, args, '', user)
      expect(asUser('query', 'instant', `--storage.tsdb.path=${path}`, 'count(last_over_time({job="api"}[1h]))')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^\{\} => 15 @/),
        err: '',
      })
      expect(asUser('tsdb', 'sql', '--format=csv', 'SELECT count(*) FROM samples()', path)).toEqual({
        code: 0,
        out: 'count(*)\n1800\n',
        err: '',
      })
      expect(asUser('tsdb', 'verify', path).code).toBe(0)
      expect(asUser('tsdb', 'analyze', path).code).toBe(0)
      expect(asUser('tsdb', 'dump', path).err).toBe(told('1,800', '15'))
      if (canBeNobody)
        expect(asUser('tsdb', 'import', '/dev/null', path).err).toMatch(/the folder of the store cannot be made or written\n$/)
      chmodSync(path, 0o755)
    },
    LIMIT_MS,
  )
})

test(
  'a store that a server is writing is read by all commands, and written by none',
  async () => {
    using folder = makeFolder()
    const port = await freePort()
    const file = folder.write(
      'prometheus.yml',
      `global: {scrape_interval: 200ms}\nscrape_configs: [{job_name: promlet, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`,
    )
    const path = join(folder.path, 'data')
    await using server = await serve(['scraper', 'tsdb'], [`--config.file=${file}`, `--storage.tsdb.path=${path}`], port)
    await until(async () => ((await server.value('count_over_time(up[1h])')) ?? 0) >= 5, 'some scrapes', LIMIT_MS / 2)

    expect(promlet('tsdb', 'verify', path)).toMatchObject({ code: 0, err: '' })
    expect(promlet('tsdb', 'dump', '--match=up', path).out).toMatch(
      /^(?:# HELP .*\n)?# TYPE up (?:gauge|unknown)\n(?:up\{instance="127\.0\.0\.1:\d+",job="promlet"\} [01] [\d.]+\n){5,}# EOF\n$/,
    )
    expect(promlet('tsdb', 'analyze', path).out).toMatch(/^ {2}Samples +\d+/)
    const sql = promlet('tsdb', 'sql', '--format=json', `SELECT labels ->> 'job' AS job, count(*) AS n FROM samples('up') GROUP BY 1`, path)
    expect(JSON.parse(sql.out)).toEqual([{ job: 'promlet', n: expect.any(Number) }])
    for (const statement of ['DELETE FROM main.series', 'VACUUM', `ATTACH '${join(folder.path, 'new.db')}' AS other`])
      expect(promlet('tsdb', 'sql', statement, path)).toEqual({
        code: 1,
        out: '',
        err: 'promlet tsdb sql: only statements that read are allowed: SELECT, WITH … SELECT, VALUES, EXPLAIN; the store is open for reading\n',
      })
    expect(promlet('tsdb', 'sql', 'SELECT nonsense FROM series', path).err).toBe('promlet tsdb sql: no such column: nonsense\n')
    expect(fed(exposition(), 'tsdb', 'import', '-', path)).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^promlet tsdb import: .*another process.*\n$/),
    })
    expect(await server.stop()).toBe(0)
    expect(fed(exposition(), 'tsdb', 'import', '-', path).code).toBe(0)
  },
  LIMIT_MS,
)

describe.skipIf(promtool === undefined)('beside promtool', () => {
  test.skipIf(prometheus === undefined)(
    'a Prometheus that was given our dump answers as our store does',
    async () => {
      using folder = makeFolder()
      const path = makeStore(folder)
      const [file, blocks] = [join(folder.path, 'dump.om'), join(folder.path, 'blocks')]
      expect(promlet('tsdb', 'dump', '-o', file, path).code).toBe(0)
      const made = start(promtool as string, ['tsdb', 'create-blocks-from', 'openmetrics', file, blocks])
      expect(made.code, made.err).toBe(0)
      const port = await freePort()
      const config = folder.write('prometheus.yml', '{}\n')
      const flags = [
        `--config.file=${config}`,
        `--storage.tsdb.path=${blocks}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ]
      await using peer = run(prometheus as string, flags)
      const url = `http://127.0.0.1:${port}`
      await untilOk(`${url}/-/ready`, LIMIT_MS / 4)
      const end = Math.floor(Date.now() / 1000) - 60
      const [from, to] = [end - 2_100, end + 60]
      for (const query of [
        '{job="api"}',
        'rate(http_requests_total[1m])',
        'sum by (instance) (increase(latency_seconds_bucket{le="1.0"}[3m]))',
        'count_over_time(temperature_celsius[90s])',
        'timestamp(temperature_celsius)',
        'histogram_quantile(0.5, rate(latency_seconds_bucket[5m]))',
      ]) {
        const theirs = await api<{ result: unknown[] }>(
          url,
          `query_range?${new URLSearchParams({ query, start: `${from}`, end: `${to}`, step: '17' })}`,
        )
        const range = [`--start=${from}`, `--end=${to}`, '--step=17']
        const ours = promlet('query', 'range', `--storage.tsdb.path=${path}`, '--format=json', ...range, query)
        expect(theirs.result.length, query).toBeGreaterThan(0)
        expect(rounded(JSON.parse(ours.out)), query).toEqual(rounded(theirs))
      }
      // The other way round: what promtool itself dumps of these blocks.
      await peer.stop()
      const dumped = start(promtool as string, ['tsdb', 'dump', '--match={__name__=~".+"}', blocks])
      expect(dumped.out.trim().split('\n')).toHaveLength(1_800)
    },
    LIMIT_MS,
  )

  test(
    'takes and refuses the same files of OpenMetrics',
    () => {
      using folder = makeFolder()
      const now = Math.floor(Date.now() / 1000) - 3600
      const files = [
        `up 1 ${now}\n# EOF\n`,
        `up 1 ${now}\n# EOF`,
        `up 1 ${now}.5\nup 2 ${now + 1}.001\nup{a="b"} +Inf ${now}\nup NaN ${now + 2}\n# EOF\n`,
        `# HELP a b\\n\\"c\n# TYPE a counter\n# UNIT a \na_total{x="\\"\\\\\\n"} 1e3 ${now} # {trace_id="x"} 0.5 ${now}\na_created 5 ${now}\n# EOF\n`,
        `a 1 ${now}\nb 1 ${now - 7200}\na 2 ${now - 86400}\n# EOF\n`,
        '# EOF\n',
        '',
        `up 1 ${now}\n`,
        'up 1\n# EOF\n',
        `up 1 ${now}\n\nup 2 ${now + 1}\n# EOF\n`,
        `up{a="b} 1 ${now}\n# EOF\n`,
        `up 1x ${now}\n# EOF\n`,
        `up 1 ${now}x\n# EOF\n`,
        `up 1 NaN\n# EOF\n`,
        `# TYPE up bogus\nup 1 ${now}\n# EOF\n`,
        `# comment\nup 1 ${now}\n# EOF\n`,
        `up 1 ${now}\n# EOF\nup 2 ${now}\n`,
        `up{a="1"b="2"} 1 ${now}\n# EOF\n`,
        `1up 1 ${now}\n# EOF\n`,
      ]
      for (const [index, text] of files.entries()) {
        const file = folder.write(`${index}.om`, text)
        const theirs = start(promtool as string, ['tsdb', 'create-blocks-from', 'openmetrics', file, join(folder.path, `blocks-${index}`)])
        const ours = promlet('tsdb', 'import', file, join(folder.path, `store-${index}`))
        expect({ text, fine: ours.code === 0, err: ours.err }).toMatchObject({ text, fine: theirs.code === 0 })
      }
    },
    LIMIT_MS,
  )

  test(
    'check metrics says the same of the same expositions',
    () => {
      const texts = [
        '',
        '\n',
        'up 1',
        'up 1\n',
        '# HELP up u\n# TYPE up gauge\nup 1\nup 2 x\n',
        'up{a="1",a="2"} 1\n',
        '# HELP a_count x\n# TYPE a_count gauge\na_count{le="1",quantile="2",camelCase="x"} 1\n# TYPE queueLength_ms_total gauge\nqueueLength_ms_total 1\n',
        '# HELP y_hours y\n# TYPE y_hours counter\ny_hours 3\n# HELP r:s y\n# TYPE r:s gauge\nr:s 3\n# HELP my_gauge y\n# TYPE my_gauge gauge\nmy_gauge 1\n',
        '# HELP x_seconds h\n# TYPE x_seconds histogram\nx_seconds_bucket{le="1"} 1\nx_seconds_bucket{le="+Inf"} 1\nx_seconds_sum 1\nx_seconds_count 1\n# HELP s_seconds s\n# TYPE s_seconds summary\ns_seconds{quantile="0.5"} 1\ns_seconds_sum 1\ns_seconds_count 1\n# HELP up u\n# TYPE up gauge\nup{a="1"} 1\nup{a="2"} 1\n',
        ...(hasConformance
          ? conformanceJson<{ input?: string }[]>('exposition/prom_text_parse.jsonl').map(({ input }) => input ?? '')
          : []),
      ]
      for (const text of texts.filter(isForOldNames)) {
        const [theirs, ours] = [start(promtool as string, ['check', 'metrics'], text), fed(text, 'check', 'metrics')]
        expect({ text, ...ours }).toEqual({ text, ...theirs })
        // promtool 2.42 counts only what has no problems, and leaves the order of equals to chance.
        if (theirs.code !== 0) continue
        const [table, own] = [
          start(promtool as string, ['check', 'metrics', '--extended'], text),
          fed(text, 'check', 'metrics', '--extended'),
        ]
        expect({ text, lines: own.out.split('\n').sort() }).toEqual({ text, lines: table.out.split('\n').sort() })
      }
    },
    LIMIT_MS,
  )
})

/** Names in quotes came with Prometheus 3. */
function isForOldNames(text: string): boolean {
  return !/^(?:\{"|# \w+ ")|\{"|,\s*"/m.test(text)
}

interface Ranges {
  readonly result: readonly { readonly metric: object; readonly values: readonly (readonly [number, string])[] }[]
}

/** Sums of later versions are compensated: the last digits differ. */
function rounded(answer: unknown) {
  const { result } = answer as Ranges
  return result.map(({ metric, values }) => ({ metric, values: values.map(([at, value]) => [at, Number(value).toPrecision(9)]) }))
}

test('what the commands say of themselves', () => {
  const help = promlet('--help').out
  for (const command of ['tsdb verify', 'tsdb dump', 'tsdb import', 'tsdb sql', 'tsdb analyze', 'check metrics']) {
    expect(help).toContain(`  ${command} `)
    const own = promlet(...command.split(' '), '--help')
    expect(own).toMatchObject({ code: 0, err: '', out: expect.stringMatching(new RegExp(`^Usage: promlet ${command} `)) })
    for (const line of own.out.split('\n')) expect(line.length).toBeLessThanOrEqual(132)
  }
})
