import { createHttpClientFactory } from '@promlet/http'
import {
  type Answer,
  formatValue,
  type Millis,
  parseDuration,
  type QueryEngine,
  QueryError,
  type SeriesColumns,
  systemClock,
} from '@promlet/model'
import { createEngine, writeAnswerJson } from '@promlet/promql'
import { renderProblem } from '@promlet/promql/syntax'
import { createQueryClient } from '@promlet/remote'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '@promlet/tsdb'
import { type Command, CommandError, print, printError } from '../command.ts'
import { describeFlags, type Flag, type FlagValues, parseFlags } from '../flags.ts'

const common: readonly Flag[] = [
  { name: 'url', kind: 'text', default: 'http://127.0.0.1:9090', help: 'The server that is asked; any Prometheus-compatible one.' },
  { name: 'storage.tsdb.path', kind: 'text', default: '', help: 'Read this store instead of asking a server, also while one writes it.' },
  { name: 'format', kind: 'text', default: 'text', help: 'text or json.' },
]
const instantFlags: readonly Flag[] = [
  ...common,
  { name: 'time', kind: 'text', default: '', help: 'When: seconds since 1970 or RFC 3339; now when not given.' },
]
const rangeFlags: readonly Flag[] = [
  ...common,
  { name: 'start', kind: 'text', default: '', help: 'First step; an hour before the end when not given.' },
  { name: 'end', kind: 'text', default: '', help: 'Last step; now when not given.' },
  { name: 'step', kind: 'text', default: '', help: 'Time between steps, such as 15s; a 250th of the range when not given.' },
]

export const queryInstant: Command = {
  summary: 'Evaluates a PromQL query at one time.',
  help: `Usage: promlet query instant [flags] QUERY\n\n${describeFlags(instantFlags)}`,
  async run(args) {
    const flags = parseFlags(instantFlags, args)
    return ask(flags, (engine, query) => engine.instant(query, readTime(flags, 'time', systemClock.now())))
  },
}

export const queryRange: Command = {
  summary: 'Evaluates a PromQL query over a range of time.',
  help: `Usage: promlet query range [flags] QUERY\n\n${describeFlags(rangeFlags)}`,
  async run(args) {
    const flags = parseFlags(rangeFlags, args)
    const end = readTime(flags, 'end', systemClock.now())
    const start = readTime(flags, 'start', end - 3_600_000)
    if (end < start) throw new CommandError('--end is before --start')
    const step = readStep(flags, Math.max(1000, Math.round((end - start) / 250)))
    return ask(flags, (engine, query) => engine.range(query, start, end, step))
  },
}

async function ask(flags: FlagValues, evaluate: (engine: QueryEngine, query: string) => Promise<Answer>): Promise<number> {
  const [query, ...more] = flags.positionals
  if (query === undefined || more.length > 0) throw new CommandError('expected one query; put it in quotes')
  await using opened = await openEngine(flags)
  try {
    const answer = await evaluate(opened.engine, query)
    for (const notice of [...answer.warnings, ...answer.infos]) printError(notice)
    print(flags.text('format') === 'json' ? writeAnswerJson(answer) : answerText(answer))
    return 0
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    printError(error.position === undefined ? error.message : renderProblem(query, error))
    return 1
  }
}

/** The server's engine, or one over a store that is opened for reading. */
async function openEngine(flags: FlagValues): Promise<AsyncDisposable & { readonly engine: QueryEngine }> {
  const path = flags.text('storage.tsdb.path')
  if (path === '') {
    const engine = createQueryClient({ url: flags.text('url'), httpClient: createHttpClientFactory({ clock: systemClock }) })
    return { engine, [Symbol.asyncDispose]: () => engine.close() }
  }
  const store = await openStore({ path, readonly: true, clock: systemClock, logger: silentLogger, registry: createRegistry() })
  return { engine: createEngine({ queryable: store, clock: systemClock }), [Symbol.asyncDispose]: () => store.close() }
}

function readTime(flags: FlagValues, name: string, fallback: Millis): Millis {
  const text = flags.text(name)
  if (text === '') return fallback
  const at = /^-?\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : Date.parse(text)
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

/** As promtool prints it: a line per series, `labels => value @[time]`. */
function answerText({ value }: Answer): string {
  switch (value.kind) {
    case 'scalar':
      return `scalar: ${formatValue(value.value)} @[${seconds(value.at)}]`
    case 'string':
      return value.value
    case 'vector':
      return value.samples
        .map(
          ({ labels, at, value, histogram }) =>
            `${seriesText(labels)} => ${histogram === undefined ? formatValue(value) : 'histogram'} @[${seconds(at)}]`,
        )
        .join('\n')
    case 'matrix':
      return value.series.map(matrixText).join('\n')
  }
}

function matrixText({ labels, times, values, histograms }: SeriesColumns): string {
  const lines = Array.from(
    times,
    (at, index) => `${histograms?.[index] === undefined ? formatValue(values[index] as number) : 'histogram'} @[${seconds(at)}]`,
  )
  return `${seriesText(labels)} =>\n${lines.join('\n')}`
}

function seriesText(labels: SeriesColumns['labels']): string {
  const rest = labels.without('__name__')
  return rest.size === 0 && labels.metricName !== '' ? labels.metricName : `${labels.metricName}${rest}`
}

function seconds(at: Millis): string {
  return String(at / 1000)
}
