import { systemClock } from '@promlet/model'
import { createLogger } from '@promlet/telemetry'
import { type ImportReport, type ImportSink, importSamples, isLosslessDump, LosslessReader, type RefusalCounts } from '@promlet/tsdb'
import { type Command, CommandError, print, printError } from '../command.ts'
import { parseFlags } from '../flags.ts'
import { type InputProblem, nameOf, readLines } from '../input.ts'
import { OpenMetricsReader } from '../openmetrics/reader.ts'
import { counted, createProgress, grouped, type Progress } from '../progress.ts'

export const tsdbImport: Command = {
  help: () => `Usage: promlet tsdb import FILE|- FOLDER

Brings the samples of a file, or of standard input, into a store; the folder is made when it is missing. The file is
OpenMetrics text with a timestamp on every sample and # EOF at its end, as "promtool tsdb create-blocks-from openmetrics"
reads it, or what "promlet tsdb dump --format=promlet" wrote; gzipped or not.

Samples may come in any order, and again. The file is read to its end before anything is written, so that one with an error
changes nothing; the disk needs room for that. No other process may be writing the store. Samples that the store refuses
(another value at the time of a stored sample, more than ten minutes ahead of the clock) are counted; the exit code is 1 then.

A server deletes what is older than its retention: give one that serves old samples a longer --storage.tsdb.retention.time.

Examples:
  promlet tsdb import metrics.om data
  promlet tsdb dump --format=promlet old-data | promlet tsdb import - data`,
  async run(args) {
    const { positionals } = parseFlags([], args)
    const [file, path, ...more] = positionals
    if (file === undefined || path === undefined || more.length > 0)
      throw new CommandError(`expected a file (or -) and the folder of the store, found ${positionals.length} arguments`)
    const progress = createProgress()
    const report = await importSamples({
      path,
      clock: systemClock,
      logger: createLogger({ level: 'error', format: 'logfmt' }),
      read: (sink) => readInput(file, sink, progress),
      progress: (written, samples) => progress.at(() => `wrote ${grouped(written)} of ${grouped(samples)} samples`),
    })
    progress.end()
    return tell(report)
  },
}

/** @throws CommandError that names the place of what is wrong. */
async function readInput(file: string, sink: ImportSink, progress: Progress): Promise<void> {
  let reader: InputReader | undefined
  let bytes = 0
  for await (const lines of readLines(file)) {
    reader ??= createReader(lines, sink)
    check(file, reader.lines(lines))
    bytes += lines.length
    progress.at(() => `read ${grouped(bytes)} bytes`)
  }
  reader ??= new OpenMetricsReader(sink)
  check(file, reader.end())
}

function check(file: string, problem: InputProblem | undefined): void {
  if (problem === undefined) return
  throw new CommandError(`${nameOf(file)}:${problem.line}:${problem.column}: ${problem.message}; nothing was imported`)
}

interface InputReader {
  lines(bytes: Buffer): InputProblem | undefined
  end(): InputProblem | undefined
}

function createReader(first: Buffer, sink: ImportSink): InputReader {
  return isLosslessDump(first.toString('utf8', 0, 100)) ? new LosslessInput(sink) : new OpenMetricsReader(sink)
}

class LosslessInput implements InputReader {
  readonly #reader: LosslessReader
  #line = 0

  constructor(sink: ImportSink) {
    this.#reader = new LosslessReader(sink)
  }

  lines(bytes: Buffer): InputProblem | undefined {
    for (let start = 0; start < bytes.length; ) {
      const found = bytes.indexOf(0x0a, start)
      const end = found < 0 ? bytes.length : found
      this.#line++
      const problem = this.#reader.line(bytes.toString('utf8', start, end))
      if (problem !== undefined) return { line: this.#line, ...problem }
      start = end + 1
    }
    return undefined
  }

  end(): InputProblem | undefined {
    const problem = this.#reader.end()
    return problem === undefined ? undefined : { line: this.#line + 1, ...problem }
  }
}

const REASONS: Readonly<Record<keyof RefusalCounts, string>> = {
  duplicate: 'another value at the time of a stored sample',
  tooFarInFuture: 'more than ten minutes ahead of the clock',
  outOfOrder: 'older than the newest sample of the series',
  tooOld: 'older than the store accepts',
  unknownSeries: 'of a series that left the store meanwhile',
}

function tell({ series, samples, exemplars, exemplarsStored, metadata, refused, example }: ImportReport): number {
  const stored = exemplarsStored === exemplars ? '' : `${grouped(exemplarsStored)} of `
  const reasons = (Object.keys(REASONS) as (keyof RefusalCounts)[]).filter((reason) => refused[reason] > 0)
  const lost = reasons.reduce((sum, reason) => sum + refused[reason], 0)
  print(
    `Imported ${counted(samples - lost, 'sample')} of ${grouped(series)} series, ${stored}${counted(exemplars, 'exemplar')} and the metadata of ${counted(metadata, 'metric')}.`,
  )
  for (const reason of reasons) printError(`refused: ${counted(refused[reason], 'sample')}: ${REASONS[reason]}`)
  if (example !== undefined) printError(`the first one: ${example}`)
  return lost === 0 ? 0 : 1
}
