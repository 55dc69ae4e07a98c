import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Histogram, Labels, Matcher } from '@promlet/model'
import { VirtualClock } from '@promlet/model/testing'
import { createCheckpointer } from '@promlet/sqlite'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSql, openStore, type SqlSession, type Store } from '../src/index.ts'

const root = mkdtempSync(join(tmpdir(), 'promlet-sql-'))
const NOW = Date.UTC(2026, 0, 1)
const clock = new VirtualClock(NOW)
const options = { path: root, parseMatchers, clock, timeoutMs: 600_000 }
let store: Store
let sql: SqlSession

const histogram: Histogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 3,
  sum: 4,
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveBuckets: Float64Array.of(1, 2),
  negativeSpans: [],
  negativeBuckets: new Float64Array(0),
  counterResetHint: 'unknown',
  float: false,
}

/** Of selectors, only what these tests need: `name`, or `{label="value"}`. */
function parseMatchers(selector: string): Matcher[] {
  const [, name, value] = /^\{(\w+)="(\w+)"\}$/.exec(selector) ?? []
  if (name !== undefined && value !== undefined) return [new Matcher(name, '=', value)]
  if (!/^\w+$/.test(selector)) throw new RangeError('parse error: unexpected character')
  return [new Matcher('__name__', '=', selector)]
}

beforeAll(async () => {
  store = await openStore({ path: root, clock, logger: silentLogger, registry: createRegistry() })
  await using appender = store.appender()
  for (const job of ['api', 'node']) {
    const up = appender.series(Labels.of({ __name__: 'up', job }))
    for (let step = 0; step < 10; step++) appender.append(up, NOW - 10_000 + step * 1000, step === 3 ? Number.NaN : step, NOW - 60_000)
    appender.appendStale(up, NOW)
  }
  appender.appendHistogram(appender.series(Labels.of({ __name__: 'latency_seconds' })), NOW, histogram)
  await appender.commit()
  sql = openSql({ ...options, lost: () => expect.unreachable() })
})

afterAll(async () => {
  sql[Symbol.dispose]()
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const all = (text: string) => [...sql.query(text).rows].map((row) => [...row])

describe('SQL over a store that is being written', () => {
  test('samples() gives a row per sample, with what SQLite cannot hold told by its kind', () => {
    const { columns } = sql.query(`SELECT * FROM samples('up')`)
    expect(columns).toEqual(['series', 'name', 'labels', 'time', 'time_ms', 'value', 'kind', 'histogram', 'start_ms'])
    expect(
      all(`SELECT name, labels ->> 'job', time, time_ms, value, kind, start_ms FROM samples('{job="node"}', ${NOW / 1000 - 8})`),
    ).toEqual([
      ['up', 'node', NOW / 1000 - 8, NOW - 8000, 2, 'float', NOW - 60_000],
      ['up', 'node', NOW / 1000 - 7, NOW - 7000, null, 'nan', NOW - 60_000],
      ...[4, 5, 6, 7, 8, 9].map((step) => ['up', 'node', NOW / 1000 - 10 + step, NOW - 10_000 + step * 1000, step, 'float', NOW - 60_000]),
      ['up', 'node', NOW / 1000, NOW, null, 'stale', null],
    ])
    expect(all(`SELECT kind, histogram FROM samples('latency_seconds')`)).toEqual([
      ['histogram', '{"schema":0,"count":3,"sum":4,"positive_spans":[[0,2]],"positive_buckets":[1,2]}'],
    ])
    expect(all('SELECT count(*), count(DISTINCT series) FROM samples()')).toEqual([[23, 3]])
  })

  test('times are seconds or RFC 3339, both ends inclusive', () => {
    const count = (range: string) => all(`SELECT count(*) FROM samples('{job="api"}', ${range})`)[0]?.[0]
    expect(count(`'2025-12-31T23:59:55Z', '2026-01-01T00:59:58+01:00'`)).toBe(4)
    expect(count(`${NOW / 1000 - 0.5}`)).toBe(1)
    expect(count(`0, '${NOW / 1000 - 9}'`)).toBe(2)
    expect(count(`5, 6`)).toBe(0)
    expect(() => all(`SELECT * FROM samples('up', 'yesterday')`)).toThrow(
      `samples(), start: expected seconds since 1970 or a time such as '2026-01-31T12:00:00Z', found "yesterday"`,
    )
  })

  test('series() joins with samples() and with the tables of the store', () => {
    expect(all(`SELECT name, labels FROM series('up')`)).toEqual([
      ['up', '{"__name__":"up","job":"api"}'],
      ['up', '{"__name__":"up","job":"node"}'],
    ])
    expect(all(`SELECT labels ->> 'job' AS job, max(value) FROM samples('up') GROUP BY job`)).toEqual([
      ['api', 9],
      ['node', 9],
    ])
    expect(all('SELECT count(*) FROM main.series JOIN series() AS own ON own.series = main.series.id')).toEqual([[3]])
    expect(all(`SELECT value FROM label_pair WHERE value = 'node'`)).toEqual([['node']])
  })

  test('sees what was committed since', async () => {
    const before = all('SELECT count(*) FROM samples()')[0]?.[0] as number
    await using appender = store.appender()
    appender.append(appender.series(Labels.of({ __name__: 'later' })), NOW, 1)
    await appender.commit()
    expect(all('SELECT count(*) FROM samples()')).toEqual([[before + 1]])
    await store.compactNow()
    expect(all('SELECT count(*) FROM samples()')).toEqual([[before + 1]])
  })

  test.each([
    'DELETE FROM main.series',
    `INSERT INTO main.series (pairs) VALUES (x'00') RETURNING id`,
    `ATTACH 'other.db' AS other`,
    `VACUUM INTO 'copy.db'`,
    'PRAGMA journal_mode = DELETE',
    '-- a comment\n pragma user_version',
    'CREATE TEMP TABLE t (a)',
  ])('%s is refused', (statement) => {
    const files = readdirSync(root)
    expect(() => all(statement)).toThrow('only statements that read are allowed: SELECT')
    expect(readdirSync(root)).toEqual(files)
  })

  test('a query whose rows nobody takes ends after its time, so that the log is not held', async () => {
    const checkpointer = createCheckpointer(join(root, 'store.db'))
    const { rows } = sql.query('SELECT id FROM main.series')
    rows.next()
    {
      await using appender = store.appender()
      appender.append(appender.series(Labels.of({ __name__: 'held' })), NOW, 1)
      await appender.commit()
    }
    expect(await checkpointer.checkpoint('truncate')).toMatchObject({ busy: true })
    await clock.advance(600_000)
    expect(await checkpointer.checkpoint('truncate')).toMatchObject({ busy: false })
    expect(() => rows.next()).toThrow('the query took longer than 600 s')
    await checkpointer.close()
    expect(all('SELECT count(*) FROM main.series').length).toBe(1)
  })

  test('says what is wrong with a query', () => {
    const fails = (text: string, message: string) => {
      expect(() => all(text)).toThrow(message)
      expect(() => all(text)).toThrow(expect.objectContaining({ code: 'bad-query' }))
    }
    fails('SELECT colour FROM series', 'no such column: colour')
    fails('SELEC 1', 'near "SELEC": syntax error')
    fails('SELECT 1; SELECT 2', 'more than one statement')
    fails(`SELECT * FROM samples('up{')`, '"up{": parse error: unexpected character')
    fails('SELECT * FROM samples(7)', `expected a selector such as 'up{job="node"}', found 7`)
    fails('DELETE FROM series', 'may not be modified')
  })
})
