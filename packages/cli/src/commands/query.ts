import { createHttpClientFactory, HttpError } from '@promlet/http'
import {
  type Answer,
  type DurationMs,
  formatDuration,
  type Millis,
  parseDuration,
  type QueryEngine,
  QueryError,
  systemClock,
} from '@promlet/model'
import { createEngine, writeAnswerJson } from '@promlet/promql'
import { parseExpr, renderProblem } from '@promlet/promql/syntax'
import { createQueryClient } from '@promlet/remote'
import { answerText } from '../answer-text.ts'
import { type Command, CommandError, print, printError } from '../command.ts'
import { describeFlags, type Flag, type FlagValues, parseFlags } from '../flags.ts'
import { openForReading } from '../open-for-reading.ts'

const common: readonly Flag[] = [
  { name: 'url', kind: 'text', default: 'http://127.0.0.1:9090', help: 'The server that is asked; any Prometheus-compatible one.' },
  { name: 'storage.tsdb.path', kind: 'text', default: '', help: 'Read this store instead of asking a server, also while one writes it.' },
  { name: 'format', kind: 'text', default: 'text', help: 'text or json.' },
]
export const instantFlags: readonly Flag[] = [
  ...common,
  { name: 'time', kind: 'text', default: '', help: 'When: seconds since 1970 or RFC 3339; now when not given.' },
]
export const rangeFlags: readonly Flag[] = [
  ...common,
  { name: 'start', kind: 'text', default: '', help: 'First step; an hour before the end when not given.' },
  { name: 'end', kind: 'text', default: '', help: 'Last step; now when not given.' },
  { name: 'step', kind: 'text', default: '', help: 'Time between steps, such as 15s; a 250th of the range when not given.' },
]

/** As many as Prometheus's API allows. */
const STEPS_MAX = 11_000

export const queryInstant: Command = {
  help: () => `Usage: promlet query instant [flags] QUERY

Prints a line per series: its labels, => and its value with the time. A query that begins with - stands behind --.

${describeFlags(instantFlags)}

Examples:
  promlet query instant 'sum by (job) (up)'
  promlet query instant --storage.tsdb.path=data --time=2026-01-31T12:00:00Z 'rate(http_requests_total[5m])'`,
  async run(args) {
    const flags = parseFlags(instantFlags, args)
    return ask(flags, (engine, query) => engine.instant(query, readTime(flags, 'time', systemClock.now())))
  },
}

export const queryRange: Command = {
  help: () => `Usage: promlet query range [flags] QUERY

Prints each series with its labels and, line by line, its values with their times.

${describeFlags(rangeFlags)}

Example:
  promlet query range --start=2026-01-31T12:00:00Z --end=2026-01-31T13:00:00Z --step=1m 'sum(rate(http_requests_total[5m]))'`,
  async run(args) {
    const flags = parseFlags(rangeFlags, args)
    const { start, end, step } = readRange(flags)
    return ask(flags, (engine, query) => engine.range(query, start, end, step))
  },
}

/** `--start`, `--end` and `--step`. @throws CommandError for a range that cannot be evaluated. */
export function readRange(flags: FlagValues): { readonly start: Millis; readonly end: Millis; readonly step: DurationMs } {
  const end = readTime(flags, 'end', systemClock.now())
  const start = readTime(flags, 'start', end - 3_600_000)
  if (end < start) throw new CommandError('--end is before --start')
  const step = readStep(flags, Math.max(1000, Math.round((end - start) / 250)))
  if ((end - start) / step > STEPS_MAX)
    throw new CommandError(`--step: ${formatDuration(step)} makes more than ${STEPS_MAX} steps from --start to --end`)
  return { start, end, step }
}

/** The one argument that is no flag. @throws CommandError when it is not one. */
export function readQuery({ positionals }: FlagValues): string {
  const [query, ...more] = positionals
  if (query === undefined || more.length > 0) throw new CommandError(`expected one query, found ${positionals.length}; put it in quotes`)
  return query
}

async function ask(flags: FlagValues, evaluate: (engine: QueryEngine, query: string) => Promise<Answer>): Promise<number> {
  const query = readQuery(flags)
  const print = readFormat(flags)
  await using opened = await openEngine(flags)
  try {
    const answer = await evaluate(opened.engine, query)
    for (const notice of [...answer.warnings, ...answer.infos]) printError(notice)
    print(answer)
    return 0
  } catch (error) {
    printQueryError(query, error)
    return 1
  }
}

/** @throws what is no error of the query. */
export function printQueryError(query: string, error: unknown): void {
  if (!(error instanceof QueryError)) throw error
  printError(renderProblem(query, withPosition(query, error)))
  if (error.cause instanceof HttpError && error.cause.code === 'connect')
    printError('Does a server run there? --url names another one; --storage.tsdb.path reads a store without a server.')
}

function readFormat(flags: FlagValues): (answer: Answer) => void {
  const format = flags.text('format')
  if (format === 'json') return (answer) => print(writeAnswerJson(answer))
  if (format !== 'text') throw new CommandError(`--format: expected text or json, found "${format}"`)
  return (answer) => {
    const text = answerText(answer)
    if (text === '') printError('No series matches, or none has a value at that time.')
    else print(text)
  }
}

/** A server tells the line and column of a parse error only in words; our parser finds the place. */
function withPosition(query: string, error: QueryError): QueryError {
  if (error.code !== 'bad_data' || error.position !== undefined) return error
  try {
    parseExpr(query)
  } catch (own) {
    if (own instanceof QueryError && own.message.endsWith(error.message.slice(error.message.indexOf('parse error')))) return own
  }
  return error
}

/** The server's engine, or one over a store that is opened for reading. */
async function openEngine(flags: FlagValues): Promise<AsyncDisposable & { readonly engine: QueryEngine }> {
  const path = flags.text('storage.tsdb.path')
  if (path === '') {
    const engine = createQueryClient({ url: flags.text('url'), httpClient: createHttpClientFactory({ clock: systemClock }) })
    return { engine, [Symbol.asyncDispose]: () => engine.close() }
  }
  const store = await openForReading(path)
  return { engine: createEngine({ queryable: store, clock: systemClock }), [Symbol.asyncDispose]: () => store.close() }
}

/** Date.parse takes nearly everything for a time. */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

export function readTime(flags: FlagValues, name: string, fallback: Millis): Millis {
  const text = flags.text(name)
  if (text === '') return fallback
  if (/^-?\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000)
  const at = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new CommandError(`--${name}: expected seconds since 1970 or a time such as 2026-01-31T12:00:00Z, found "${text}"`)
  return at
}

function readStep(flags: FlagValues, fallback: number): number {
  const text = flags.text('step')
  if (text === '') return fallback
  try {
    const step = /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : parseDuration(text)
    if (step > 0) return step
  } catch {}
  throw new CommandError(`--step: expected seconds or a duration such as 15s, above zero, found "${text}"`)
}
