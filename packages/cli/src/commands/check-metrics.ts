import { ExpositionError, type Family, parseFamilies } from '@promlet/exposition'
import { compareText } from '@promlet/model'
import { type Command, CommandError, print, printError } from '../command.ts'
import { describeFlags, type Flag, parseFlags } from '../flags.ts'
import { readLines } from '../input.ts'
import { lintFamilies } from '../metric-lint.ts'

const flags: readonly Flag[] = [
  { name: 'extended', kind: 'switch', default: 'false', help: 'Print how many series each metric makes.' },
  { name: 'lint', kind: 'text', default: 'all', help: 'all or none.' },
]

/** promtool's exit code for metrics that can be read and are not well named. */
const LINT_EXIT_CODE = 3

export const checkMetrics: Command = {
  help: () => `Usage: promlet check metrics [flags] <EXPOSITION

Reads an exposition (the text of a /metrics page) from standard input and prints what is wrong with it, as promtool does: an
error when it cannot be read (exit code 1), and a line per metric and mistake where names, units, types, labels or help are not
as they should be (exit code 3).

${describeFlags(flags)}

Examples:
  curl -s http://localhost:8080/metrics | promlet check metrics
  curl -s http://localhost:8080/metrics | promlet check metrics --extended --lint=none`,
  async run(args) {
    const values = parseFlags(flags, args)
    if (values.positionals.length > 0) throw new CommandError('it reads standard input and takes no file: promlet check metrics <FILE')
    const lint = values.text('lint')
    if (lint !== 'all' && lint !== 'none') throw new CommandError(`--lint: expected all or none, found "${lint}"`)
    if (lint === 'none' && !values.on('extended')) {
      throw new CommandError('with --lint=none there is nothing to check; --extended counts the series of each metric')
    }
    let families: readonly Family[]
    try {
      families = parseFamilies(await readAll())
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error
      printError(`error while linting: ${error.message}`)
      return 1
    }
    const problems = lint === 'none' ? [] : lintFamilies(families)
    for (const { metric, text } of problems) printError(`${metric} ${text}`)
    if (values.on('extended')) print(cardinalityText(families))
    return problems.length === 0 ? 0 : LINT_EXIT_CODE
  },
}

async function readAll(): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of readLines('-')) parts.push(part)
  return Buffer.concat(parts)
}

/** The most numerous metrics first. The layout is that of promtool. */
function cardinalityText(families: readonly Family[]): string {
  const counts = families.map((family) => ({ name: family.name, series: seriesOf(family) }))
  counts.sort((left, right) => right.series - left.series || compareText(left.name, right.name))
  const total = counts.reduce((sum, { series }) => sum + series, 0)
  const rows = counts.map(({ name, series }) => [name, String(series), `${((series / total) * 100).toFixed(2)}%`])
  const all = [['Metric', 'Cardinality', 'Percentage'], ...rows, ['Total', String(total), '100%']]
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => [...(row[column] as string)].length)) + 4)
  return all
    .map((row) => `${row.map((cell, column) => cell + ' '.repeat((widths[column] as number) - [...cell].length)).join('')}\n`)
    .join('')
}

/** As many buckets and quantiles as the first of them has, with sum and count. */
function seriesOf({ metrics }: Family): number {
  const sample = metrics[0]?.sample
  if (sample?.kind === 'histogram') return metrics.length * (2 + sample.buckets.length)
  if (sample?.kind === 'summary') return metrics.length * (2 + sample.quantiles.length)
  return metrics.length
}
