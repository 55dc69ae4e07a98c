import { defaultHttpClientConfig } from '@promlet/config'
import { createHttpClientFactory, HttpError, type HttpResponse } from '@promlet/http'
import { type DurationMs, QueryError, systemClock } from '@promlet/model'
import { createEngine, type ExplainTimes, type Explanation, explanationText } from '@promlet/promql'
import { createRegistry, silentLogger } from '@promlet/telemetry'
import { openStore } from '@promlet/tsdb'
import { type Command, CommandError, print } from '../command.ts'
import { describeFlags, type Flag, type FlagValues, parseFlags } from '../flags.ts'
import { instantFlags, printQueryError, rangeFlags, readQuery, readRange, readTime } from './query.ts'

const ownFlags = new Map([...instantFlags, ...rangeFlags].map((flag) => [flag.name, flag]))
const flagsOfExplain: readonly Flag[] = [...ownFlags.values()].map((flag) =>
  flag.name === 'url' ? { ...flag, help: 'The Promlet server that is asked.' } : flag,
)

const TIMEOUT_MS: DurationMs = 125_000
const BODY_BYTES_MAX = 64 * 1024 * 1024

export const queryExplain: Command = {
  help: () => `Usage: promlet query explain [flags] QUERY

Evaluates a query and prints its tree: for each part its result type, how many series and samples it gave and from how
many, how long it took, a few of the values (=), what there is to remark (!), which series of two sides did not match,
and why it gives nothing (∅). With --start, --end or --step over a range of time, else at one time.

${describeFlags(flagsOfExplain)}

Examples:
  promlet query explain 'sum by (job) (rate(http_requests_total[5m])) / on (job) count by (job) (up)'
  promlet query explain --storage.tsdb.path=data --start=2026-01-31T12:00:00Z --end=2026-01-31T13:00:00Z --step=1m up`,
  async run(args) {
    const flags = parseFlags(flagsOfExplain, args)
    const query = readQuery(flags)
    const format = flags.text('format')
    if (format !== 'text' && format !== 'json') throw new CommandError(`--format: expected text or json, found "${format}"`)
    const when = readTimes(flags)
    try {
      const explanation = await (flags.text('storage.tsdb.path') === '' ? askServer(flags, query, when) : askStore(flags, query, when))
      print(format === 'json' ? JSON.stringify(explanation) : explanationText(explanation))
      return explanation.error === undefined ? 0 : 1
    } catch (error) {
      printQueryError(query, error)
      return 1
    }
  },
}

function readTimes(flags: FlagValues): ExplainTimes {
  const isRange = ['start', 'end', 'step'].some((name) => flags.given(name))
  if (!isRange) return { at: readTime(flags, 'time', systemClock.now()) }
  if (flags.given('time')) throw new CommandError('--time is for one time; a range has --start, --end and --step')
  return readRange(flags)
}

async function askStore(flags: FlagValues, query: string, when: ExplainTimes): Promise<Explanation> {
  const path = flags.text('storage.tsdb.path')
  const store = await openStore({ path, readonly: true, clock: systemClock, logger: silentLogger, registry: createRegistry() })
  try {
    return await createEngine({ queryable: store, clock: systemClock }).explain(query, when)
  } finally {
    await store.close()
  }
}

async function askServer(flags: FlagValues, query: string, when: ExplainTimes): Promise<Explanation> {
  const client = createHttpClientFactory({ clock: systemClock })(defaultHttpClientConfig)
  const times = Object.entries('at' in when ? { time: when.at } : when).map(([name, ms]) => [name, `${ms / 1000}`] as const)
  try {
    return readAnswer(
      await client.request({
        method: 'POST',
        url: `${flags.text('url').replace(/\/+$/, '')}/api/v1/explain`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(new URLSearchParams({ query, ...Object.fromEntries(times) }).toString()),
        timeoutMs: TIMEOUT_MS,
        bodyBytesMax: BODY_BYTES_MAX,
      }),
    )
  } catch (error) {
    if (error instanceof HttpError) throw new QueryError('internal', error.message, { cause: error })
    throw error
  } finally {
    await client.close()
  }
}

interface ServerError {
  readonly status: 'error'
  readonly errorType: QueryError['code']
  readonly error: string
  readonly position?: { readonly start: number; readonly end: number }
  readonly hint?: string
}

function readAnswer({ status, body }: HttpResponse): Explanation {
  const answer = parseBody(body)
  if (answer?.status === 'success') return answer.data
  if (answer?.status !== 'error')
    throw new CommandError(
      `the server answered ${status} and no explanation: only Promlet explains queries; --storage.tsdb.path reads a store`,
    )
  const { errorType, error, position, hint } = answer
  throw new QueryError(errorType, error, { ...(position === undefined ? {} : { position }), ...(hint === undefined ? {} : { hint }) })
}

function parseBody(body: Uint8Array): { readonly status: 'success'; readonly data: Explanation } | ServerError | undefined {
  try {
    return JSON.parse(Buffer.from(body).toString())
  } catch {
    return undefined
  }
}
