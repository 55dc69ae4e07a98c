// Plain SQL over a store: its own tables, and two functions that give tables of what these hold packed. Two connections,
// since a connection cannot run another statement while it is in the middle of one.

import { type Clock, type DurationMs, isStaleAt, type Labels, type Matcher, type MatcherSets, type TimeRange } from '@promlet/model'
import { type Database, isSqliteError } from '@promlet/sqlite'
import { histogramText } from '../dump/histogram-json.ts'
import { asStorageError, StorageError } from '../error.ts'
import { openScan, type SeriesRun, type StoreScan } from '../scan.ts'
import { readTime } from './time-argument.ts'

export type SqlValue = number | string | bigint | Buffer | null

export interface SqlAnswer {
  readonly columns: readonly string[]
  /** One array per row, as it is computed. Ask once; leaving the loop ends the query. */
  readonly rows: IterableIterator<readonly SqlValue[]>
}

export interface SqlOptions {
  /** The folder of the store; another process may be writing it. */
  readonly path: string
  /** Reads a selector such as `up{job="node"}`. */
  readonly parseMatchers: (selector: string) => readonly Matcher[]
  readonly clock: Clock
  /** A query ends then, also while nobody asks for its rows: it holds a state of the store, and a writer's log grows meanwhile. */
  readonly timeoutMs: DurationMs
  /** Is told of batches that cannot be read and are left out. */
  readonly lost: (error: unknown) => void
}

/** SQL for reading. Besides the store's tables there are the table-valued functions `series` and `samples`. */
export interface SqlSession extends Disposable {
  /** One statement that reads. @throws StorageError `bad-query`; the rows may throw what `openScan` and reading throws. */
  query(sql: string): SqlAnswer
}

const SERIES_COLUMNS = ['series', 'name', 'labels']
const SAMPLES_COLUMNS = [...SERIES_COLUMNS, 'time', 'time_ms', 'value', 'kind', 'histogram', 'start_ms']

/** @throws StorageError as `openScan` */
export function openSql(options: SqlOptions): SqlSession {
  const { path, parseMatchers, lost } = options
  const plain = openScan(path, () => {})
  const { database } = plain
  try {
    const scan = openScan(path, lost)
    const matcherSets = (selector: unknown): MatcherSets => readSelector(selector, parseMatchers)
    defineTable(database, 'promlet_series', {
      columns: SERIES_COLUMNS,
      parameters: ['matcher'],
      *rows(...[matcher]: unknown[]) {
        yield* seriesRows(scan, matcherSets(matcher))
      },
    })
    defineTable(database, 'promlet_samples', {
      columns: SAMPLES_COLUMNS,
      parameters: ['matcher', 'start', 'end'],
      *rows(...[matcher, start, end]: unknown[]) {
        const from = readTime(start, 'samples(), start') ?? -Infinity
        const to = readTime(end, 'samples(), end') ?? Infinity
        yield* samplesRows(scan, matcherSets(matcher), { from, to })
      },
    })
    // One of the store's tables is named series too: this one comes before it, and that one is main.series.
    database.exec('CREATE VIRTUAL TABLE temp.series USING promlet_series; CREATE VIRTUAL TABLE temp.samples USING promlet_samples')
    database.pragma('query_only = ON')
    return {
      query: (sql) => ask(plain, sql, options),
      [Symbol.dispose]() {
        plain[Symbol.dispose]()
        scan[Symbol.dispose]()
      },
    }
  } catch (error) {
    plain[Symbol.dispose]()
    throw asStorageError(error, path)
  }
}

interface TableDefinition {
  readonly columns: readonly string[]
  readonly parameters: readonly string[]
  /** The same array may be given again and again. */
  rows(...parameters: unknown[]): Generator<SqlValue[]>
}

/** A module for CREATE VIRTUAL TABLE. The types of better-sqlite3 leave this form of `table` out. */
function defineTable(database: Database, name: string, definition: TableDefinition): void {
  const define = database.table as unknown as (name: string, factory: () => TableDefinition) => void
  define.call(database, name, () => definition)
}

function ask({ database }: StoreScan, sql: string, options: SqlOptions): SqlAnswer {
  const { path } = options
  const statement = explained(path, () => database.prepare<[], SqlValue[]>(sql))
  const isPragma = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*pragma\b/i.test(sql)
  if (!statement.reader || !statement.readonly || isPragma)
    throw new StorageError(
      'bad-query',
      'only statements that read are allowed: SELECT, WITH … SELECT, VALUES, EXPLAIN; the store is open for reading',
    )
  return { columns: statement.columns().map(({ name }) => name), rows: guarded(() => statement.raw().iterate(), options) }
}

/** Begins with the first row that is asked for: a connection with an open query can do nothing else. */
function* guarded(open: () => IterableIterator<SqlValue[]>, options: SqlOptions): Generator<readonly SqlValue[]> {
  const { path, clock, timeoutMs } = options
  const end = clock.monotonic() + timeoutMs
  try {
    const rows = open()
    using _timer = clock.setTimer(timeoutMs, () => void rows.return?.())
    for (const row of rows) {
      yield row
      if (clock.monotonic() >= end) throw new StorageError('bad-query', `the query took longer than ${timeoutMs / 1000} s`)
    }
  } catch (error) {
    explained(path, () => {
      throw error
    })
  }
}

/** What SQLite has against a query is about the query; its other failures are the store's. */
function explained<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof RangeError) throw new StorageError('bad-query', error.message, { cause: error })
    if (!isSqliteError(error)) throw error
    const { code, message } = error as Error & { code: string }
    if (code === 'SQLITE_ERROR') throw new StorageError('bad-query', message, { cause: error })
    throw asStorageError(error, path)
  }
}

function readSelector(selector: unknown, parseMatchers: SqlOptions['parseMatchers']): MatcherSets {
  if (selector === undefined || selector === null || selector === '') return []
  if (typeof selector !== 'string')
    throw new StorageError('bad-query', `expected a selector such as 'up{job="node"}', found ${JSON.stringify(selector)}`)
  try {
    return [parseMatchers(selector)]
  } catch (error) {
    throw new StorageError('bad-query', `${JSON.stringify(selector)}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

function* seriesRows(scan: StoreScan, matcherSets: MatcherSets): Generator<SqlValue[]> {
  for (const id of scan.series(matcherSets)) {
    const labels = scan.labels(id)
    if (labels !== undefined) yield [id, labels.metricName, labelsJson(labels)]
  }
}

function* samplesRows(scan: StoreScan, matcherSets: MatcherSets, range: TimeRange): Generator<SqlValue[]> {
  for (const run of scan.read(scan.series(matcherSets), range)) yield* runRows(run)
}

function* runRows({ id, labels, times, values, histograms, startTimes }: SeriesRun): Generator<SqlValue[]> {
  const row: SqlValue[] = [id, labels.metricName, labelsJson(labels), 0, 0, null, '', null, null]
  for (let index = 0; index < times.length; index++) {
    const at = times[index] as number
    const histogram = histograms?.[index]
    const startAt = startTimes?.[index] ?? 0
    const kind = histogram !== undefined ? 'histogram' : kindOf(values, index)
    row[3] = at / 1000
    row[4] = at
    row[5] = kind === 'float' ? (values[index] as number) : null
    row[6] = kind
    row[7] = histogram === undefined ? null : histogramText(histogram)
    row[8] = startAt === 0 ? null : startAt
    yield row
  }
}

/** SQLite has no NaN: it and the stale marker are NULL, and told by their kind. */
function kindOf(values: Float64Array, index: number): string {
  if (!Number.isNaN(values[index])) return 'float'
  return isStaleAt(values, index) ? 'stale' : 'nan'
}

function labelsJson(labels: Labels): string {
  return JSON.stringify(Object.fromEntries(labels))
}
