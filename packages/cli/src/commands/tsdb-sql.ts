import { type DurationMs, parseDuration, systemClock } from '@promlet/model'
import { parseMatchers } from '@promlet/promql/syntax'
import { openSql, type SqlAnswer, type SqlValue } from '@promlet/tsdb'
import { type Command, CommandError, printError } from '../command.ts'
import { describeFlags, type Flag, parseFlags } from '../flags.ts'
import { openOutput } from '../output.ts'
import { csvRows, jsonRows, tableRows } from '../rows.ts'

const flags: readonly Flag[] = [
  { name: 'format', kind: 'text', default: 'table', help: 'table, csv or json.' },
  { name: 'timeout', kind: 'text', default: '10m', help: 'How long the query may take. While it reads tables, the log of a server grows.' },
  { name: 'output', short: 'o', kind: 'text', default: '', help: 'File to write to; standard output when not given.' },
]

const FORMATS: Readonly<Record<string, (columns: readonly string[], rows: Iterable<readonly SqlValue[]>) => Iterable<string>>> = {
  table: tableRows,
  csv: csvRows,
  json: jsonRows,
}

export const tsdbSql: Command = {
  help: () => `Usage: promlet tsdb sql [flags] QUERY [FOLDER]

Runs one SQL statement that reads, over a store that another process may be writing. The folder is data when none is named.
Besides the tables of the store (docs/format.md draws them) there are two functions that give tables:

  series('selector')               series, name, labels
  samples('selector', start, end)  series, name, labels, time, time_ms, value, kind, histogram, start_ms

labels and histogram are JSON: labels ->> 'job' is the value of a label. time is in seconds since 1970, as
datetime(time, 'unixepoch') wants it. kind is float, histogram, nan or stale; value is NULL for all but the first. start and
end are seconds since 1970 or texts such as '2026-01-31T12:00:00Z', both ends inclusive; they and the selector may be left out.
series by itself is series('') with all series in it; the store's own table of that name is main.series.

${describeFlags(flags)}

Examples:
  promlet tsdb sql "SELECT labels ->> 'job' AS job, count(*) FROM series('up') GROUP BY job" data
  promlet tsdb sql --format=csv "SELECT time, value FROM samples('up{job=\\"node\\"}', '2026-01-31T12:00:00Z')" data`,
  async run(args) {
    const values = parseFlags(flags, args)
    const [query, path = 'data', ...more] = values.positionals
    if (query === undefined || more.length > 0)
      throw new CommandError(
        `expected a query, and the folder of the store, found ${values.positionals.length} arguments; put the query in quotes`,
      )
    const format = FORMATS[values.text('format')]
    if (format === undefined) throw new CommandError(`--format: expected table, csv or json, found "${values.text('format')}"`)
    let lost = 0
    using session = openSql({
      path,
      parseMatchers,
      clock: systemClock,
      timeoutMs: readTimeout(values.text('timeout')),
      lost(error) {
        lost++
        printError(`damaged: ${error instanceof Error ? error.message : error}`)
      },
    })
    const answer: SqlAnswer = session.query(query)
    await using output = openOutput(values.text('output'))
    for (const text of format(answer.columns, answer.rows)) if (!(await output.write(text))) return 0
    await output.end()
    return lost === 0 ? 0 : 1
  },
}

function readTimeout(text: string): DurationMs {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new CommandError(`--timeout: ${(error as Error).message}`)
  }
}
