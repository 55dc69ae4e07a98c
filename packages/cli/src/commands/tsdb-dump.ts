import type { Millis } from '@promlet/model'
import { parseMatchers } from '@promlet/promql/syntax'
import { type DumpCounts, type LosslessDumpOptions, losslessDump, openScan, type StoreScan } from '@promlet/tsdb'
import { type Command, CommandError, printError } from '../command.ts'
import { describeFlags, type Flag, type FlagValues, parseFlags } from '../flags.ts'
import { openMetricsDump } from '../openmetrics/dump.ts'
import { Loss } from '../openmetrics/loss.ts'
import { openOutput } from '../output.ts'
import { counted, createProgress, grouped } from '../progress.ts'

const flags: readonly Flag[] = [
  {
    name: 'match',
    kind: 'list',
    default: '',
    help: 'Series selector, such as {job="node"}; may be given several times. All series when not given.',
  },
  { name: 'min-time', kind: 'text', default: '', help: 'Oldest sample: milliseconds since 1970, or RFC 3339.' },
  { name: 'max-time', kind: 'text', default: '', help: 'Newest sample, in the same forms.' },
  { name: 'format', kind: 'text', default: 'openmetrics', help: 'openmetrics, or promlet, which loses nothing.' },
  { name: 'output', short: 'o', kind: 'text', default: '', help: 'File to write to; standard output when not given.' },
]

export const tsdbDump: Command = {
  help: () => `Usage: promlet tsdb dump [flags] [FOLDER]

Writes what a store holds as text, series by series, also while another process writes the store. The folder is data when
none is named.

openmetrics is what "promtool tsdb create-blocks-from openmetrics" reads. It holds labels, values and times in full. What it
cannot hold (native histograms, stale markers, start timestamps …) is counted on standard error. promlet is one JSON value a
line, and holds everything; "promlet tsdb import" reads both.

What is damaged is named and left out; the exit code is 1 then.

${describeFlags(flags)}

Examples:
  promlet tsdb dump --match='{job="node"}' --min-time=2026-01-31T12:00:00Z data >node.om
  promlet tsdb dump --format=promlet data | gzip >data.jsonl.gz`,
  async run(args) {
    const values = parseFlags(flags, args)
    const path = readFolder(values)
    const loss = new Loss()
    const damage = new Damage()
    const make = readDumpFormat(values, loss)
    const options = readSelection(values)
    using scan = openScan(path, (error) => damage.batch(error))
    await using output = openOutput(values.text('output'))
    const progress = createProgress()
    let counts: Readonly<DumpCounts> = { series: 0, samples: 0, exemplars: 0 }
    const pieces = make(scan, {
      ...options,
      damaged: (id, { from, to }, error) => damage.series(scan, id, from, to, error),
      progress(now) {
        counts = now
        progress.at(() => `${counted(now.samples, 'sample')} of ${grouped(now.series)} series`)
      },
    })
    for (const piece of pieces) if (!(await output.write(piece))) return 0
    await output.end()
    progress.end()
    printError(
      `Dumped ${counted(counts.samples, 'sample')} and ${counted(counts.exemplars, 'exemplar')} of ${grouped(counts.series)} series.`,
    )
    for (const line of [...loss.lines(), ...damage.lines()]) printError(line)
    return damage.lines().length === 0 ? 0 : 1
  },
}

type MakeDump = (scan: StoreScan, options: LosslessDumpOptions) => Iterable<string>

function readDumpFormat(values: FlagValues, loss: Loss): MakeDump {
  const format = values.text('format')
  if (format === 'promlet') return losslessDump
  if (format === 'openmetrics') return (scan, options) => openMetricsDump(scan, options, loss)
  throw new CommandError(`--format: expected openmetrics or promlet, found "${format}"`)
}

/** The one folder that a command of `tsdb` takes. */
export function readFolder({ positionals }: FlagValues): string {
  const [path = 'data', ...more] = positionals
  if (more.length > 0) throw new CommandError(`expected one folder, found ${positionals.length}`)
  return path
}

function readSelection(values: FlagValues) {
  return {
    matcherSets: values.each('match').map((selector) => parseMatchers(selector)),
    range: { from: readMillis(values, 'min-time') ?? -Infinity, to: readMillis(values, 'max-time') ?? Infinity },
  }
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

/** promtool's flags are in milliseconds. */
function readMillis(values: FlagValues, name: string): Millis | undefined {
  const text = values.text(name)
  if (text === '') return undefined
  if (/^-?\d+$/.test(text)) return Number(text)
  const at = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at))
    throw new CommandError(`--${name}: expected milliseconds since 1970 or a time such as 2026-01-31T12:00:00Z, found "${text}"`)
  return at
}

/** What could not be read. */
class Damage {
  readonly #texts: string[] = []
  #count = 0

  batch(error: unknown): void {
    this.#add(`damaged: ${error instanceof Error ? error.message : error}`)
  }

  series(scan: StoreScan, id: number, from: Millis, to: Millis, error: Error): void {
    const span = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`
    this.#add(`damaged: ${scan.labels(id) ?? `series ${id}`} from ${span}: ${error.message}`)
  }

  lines(): readonly string[] {
    const more = this.#count - this.#texts.length
    return more === 0 ? this.#texts : [...this.#texts, `and ${counted(more, 'more damaged part')}`]
  }

  #add(text: string): void {
    this.#count++
    if (this.#texts.length < 100) this.#texts.push(text)
  }
}
