import type { StoreAnalysis } from '@promlet/tsdb'
import { type Command, CommandError, print } from '../command.ts'
import { describeFlags, type Flag, parseFlags } from '../flags.ts'
import { openForReading } from '../open-for-reading.ts'

const flags: readonly Flag[] = [{ name: 'limit', kind: 'text', default: '20', help: 'Length of the lists.' }]

export const tsdbAnalyze: Command = {
  help: () => `Usage: promlet tsdb analyze [flags] [FOLDER]

Reads a store, also while another process writes it, and prints how much it holds and what takes the room: metrics by bytes and
by bytes per sample, labels and label pairs by series, by values and by churn. Churn is the number of series, each counted with
the part of the store's time that it does not cover: series that come and go. The folder is data when none is named.

${describeFlags(flags)}`,
  async run(args) {
    const values = parseFlags(flags, args)
    const [path = 'data', ...more] = values.positionals
    if (more.length > 0) throw new CommandError('expected one folder')
    const limit = Number(values.text('limit'))
    if (!Number.isInteger(limit) || limit < 1)
      throw new CommandError(`--limit: expected a number above zero, found "${values.text('limit')}"`)
    const store = await openForReading(path)
    try {
      print(analysisText(await store.analyze({ limit })))
    } finally {
      await store.close()
    }
    return 0
  },
}

type Row = readonly (string | number)[]

function analysisText({ stats, samples, recentSamples, blocks, fileBytes, freeBytes, ...lists }: StoreAnalysis): string {
  const perSample = samples === 0 ? '' : `, ${(fileBytes / samples).toFixed(2)} bytes a sample`
  const facts = table([
    ['Samples', `${samples}, of these ${recentSamples} not yet in blocks`],
    ['Series', stats.series],
    ['Label pairs', stats.labelPairs],
    ['Blocks', `${blocks} with ${stats.chunks} chunks`],
    ['From', time(stats.minTime)],
    ['To', time(stats.maxTime)],
    ['File', `${fileBytes} bytes${perSample}, ${freeBytes} bytes of it free`],
  ])
  const counts = (list: StoreAnalysis['tableBytes'], digits = 0) => list.map(({ name, value }) => [value.toFixed(digits), name])
  const metrics = lists.metrics.map(({ metric, series, samples, bytes }) => [
    Math.round(bytes),
    samples,
    (bytes / samples).toFixed(2),
    series,
    metric,
  ])
  return [
    facts,
    section('Metrics by bytes of their samples', ['bytes', 'samples', 'bytes/sample', 'series', 'metric'], metrics),
    section('Metrics by series', ['series', 'metric'], counts(stats.seriesCountByMetricName)),
    section('Labels by values', ['values', 'label'], counts(stats.labelValueCountByLabelName)),
    section('Labels by bytes of their values, each counted once per series', ['bytes', 'label'], counts(stats.memoryInBytesByLabelName)),
    section('Label pairs by series', ['series', 'pair'], counts(stats.seriesCountByLabelValuePair)),
    section(
      'Label pairs by churn: series, each by the share of time it does not cover',
      ['churn', 'pair'],
      counts(lists.churnByLabelPair, 2),
    ),
    section('Labels by churn', ['churn', 'label'], counts(lists.churnByLabelName, 2)),
    section('Tables by bytes', ['bytes', 'table'], counts(lists.tableBytes)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function section(title: string, heads: readonly string[], rows: readonly Row[]): string {
  return rows.length === 0 ? '' : `${title}:\n${table([heads, ...rows])}`
}

/** All columns but the last are as wide as their widest cell. */
function table(rows: readonly Row[]): string {
  const widths = (rows[0] as Row).map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  const isNumber = (cell: string) => /^[\d.]+$/.test(cell)
  const cellText = (cell: string, column: number, row: Row) => {
    if (column === row.length - 1) return cell
    return isNumber(cell) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)
  }
  return rows.map((row) => `  ${row.map((cell, column) => cellText(String(cell), column, row)).join('  ')}`).join('\n')
}

function time(at: number | undefined): string {
  return at === undefined ? '-' : new Date(at).toISOString()
}
