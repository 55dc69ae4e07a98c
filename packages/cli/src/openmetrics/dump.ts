// A store as OpenMetrics text with timestamps, as Prometheus reads it: family by family, in it series by series. What the
// format cannot hold is counted, never silently left out.

import { type Exemplar, formatValue, isLegacyLabelName, isLegacyMetricName, isStaleAt, type Labels, METRIC_NAME } from '@promlet/model'
import type { LosslessDumpOptions, SeriesRun, StoreScan } from '@promlet/tsdb'
import { createFamilies, type Families, wouldChange } from './families.ts'
import type { Loss } from './loss.ts'
import { secondsText } from './numbers.ts'

const PIECE_LINES = 1_000

/** The text in pieces of some kilobytes; `loss` is complete behind the last one. */
export function* openMetricsDump(scan: StoreScan, options: LosslessDumpOptions, loss: Loss): Generator<string> {
  const { range, damaged, progress } = options
  const families = createFamilies(scan.metadata(), loss)
  const ids = scan.series(options.matcherSets)
  forgetChanging(scan, ids, families, loss)
  const writer = new OpenMetricsWriter(families, loss)
  let current: number | undefined
  for (const run of scan.read(sortByFamily(scan, ids, families), range, damaged === undefined ? {} : { damaged })) {
    if (run.id !== current) {
      writer.begin(run.labels, scan.exemplars(run.id, range))
      current = run.id
      progress?.(writer.counts)
    }
    yield* writer.samples(run)
  }
  writer.end()
  if (options.matcherSets.length === 0)
    for (const family of families.names) if (!writer.written.has(family)) loss.add('unusedFamilies', family)
  yield '# EOF\n'
  progress?.(writer.counts)
}

/** By family, then by name; series of one name stay in label order. */
function sortByFamily(scan: StoreScan, ids: Uint32Array, families: Families): Uint32Array {
  const groups = new Map<string, number[]>()
  for (const id of ids) {
    const name = scan.labels(id)?.metricName ?? ''
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [id])
    else group.push(id)
  }
  const names = [...groups.keys()].map((name) => ({ name, family: families.of(name) }))
  names.sort((left, right) => compare(left.family, right.family) || compare(left.name, right.name))
  return Uint32Array.from(names.flatMap(({ name }) => groups.get(name) ?? []))
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** With their type said, readers would change labels of these, and without it nothing said of them would be found. */
function forgetChanging(scan: StoreScan, ids: Uint32Array, families: Families, loss: Loss): void {
  for (const id of ids) {
    const labels = scan.labels(id)
    if (labels === undefined) continue
    const family = families.of(labels.metricName)
    if (!wouldChange(labels, families.metadata(family).type)) continue
    families.forget(family)
    loss.add('changingFamilies', family)
  }
}

class OpenMetricsWriter {
  readonly counts = { series: 0, samples: 0, exemplars: 0 }
  readonly written = new Set<string>()
  readonly #families: Families
  readonly #loss: Loss
  #header = ''
  #series = ''
  #isNameless = false
  #quoted = false
  #exemplars: readonly Required<Exemplar>[] = []
  #nextExemplar = 0
  /** Series of one target share their times. */
  #times: Float64Array | undefined
  #timeTexts: readonly string[] = []

  constructor(families: Families, loss: Loss) {
    this.#families = families
    this.#loss = loss
  }

  begin(labels: Labels, exemplars: readonly Required<Exemplar>[]): void {
    this.end()
    this.counts.series++
    const family = this.#families.of(labels.metricName)
    this.#header = this.written.has(family) ? '' : family
    this.#isNameless = labels.metricName === ''
    this.#series = seriesText(labels)
    this.#quoted = !isLegacy(labels)
    this.#exemplars = exemplars
    this.#nextExemplar = 0
    if (this.#isNameless) this.#loss.add('namelessSeries', `${labels}`)
  }

  *samples({ labels, times, values, histograms, startTimes }: SeriesRun): Generator<string> {
    if (this.#isNameless) return
    const texts = this.#textsOf(times)
    let piece = ''
    for (let index = 0; index < times.length; index++) {
      if (!this.#canHold(labels, values, index, histograms?.[index] !== undefined, startTimes?.[index] ?? 0)) continue
      if (this.counts.samples % PIECE_LINES === 0) {
        yield piece
        piece = ''
      }
      if (this.#header !== '') piece += this.#headerText(this.#header)
      if (this.#quoted) {
        this.#loss.add('quotedNames', this.#series)
        this.#quoted = false
      }
      piece += `${this.#series} ${formatValue(values[index] as number)} ${texts[index]}${this.#exemplarText(times[index] as number)}\n`
      this.counts.samples++
    }
    yield piece
  }

  /** Ends the series. */
  end(): void {
    const left = this.#exemplars.length - this.#nextExemplar
    if (left > 0) this.#loss.add('exemplars', this.#series, left)
    this.#exemplars = []
    this.#nextExemplar = 0
  }

  #canHold(labels: Labels, values: Float64Array, index: number, isHistogram: boolean, startAt: number): boolean {
    if (isHistogram) {
      this.#loss.add('histogramSamples', `${labels}`)
      return false
    }
    if (Number.isNaN(values[index])) {
      if (isStaleAt(values, index)) {
        this.#loss.add('staleMarkers', `${labels}`)
        return false
      }
      if (!isPlainNaN(values, index)) this.#loss.add('nanPayloads', `${labels}`)
    }
    if (startAt !== 0) this.#loss.add('startTimes', `${labels}`)
    return true
  }

  #textsOf(times: Float64Array): readonly string[] {
    if (this.#times !== times) {
      this.#times = times
      this.#timeTexts = Array.from(times, secondsText)
    }
    return this.#timeTexts
  }

  /** A sample carries at most one: the first that is not newer than it. */
  #exemplarText(at: number): string {
    const exemplar = this.#exemplars[this.#nextExemplar]
    if (exemplar === undefined || exemplar.at > at) return ''
    this.#nextExemplar++
    this.counts.exemplars++
    return ` # {${labelList(exemplar.labels)}} ${formatValue(exemplar.value)} ${secondsText(exemplar.at)}`
  }

  #headerText(family: string): string {
    this.#header = ''
    this.written.add(family)
    const { type, help, unit } = this.#families.metadata(family)
    const name = isLegacyMetricName(family) ? family : quoted(family)
    const isUnit = unit !== '' && family.endsWith(`_${unit}`)
    if (unit !== '' && !isUnit) this.#loss.add('unitlessFamilies', `${family}: ${unit}`)
    return `${help === '' ? '' : `# HELP ${name} ${escaped(help)}\n`}# TYPE ${name} ${type}\n${isUnit ? `# UNIT ${name} ${unit}\n` : ''}`
  }
}

function isPlainNaN(values: Float64Array, index: number): boolean {
  const view = new DataView(values.buffer, values.byteOffset + index * 8, 8)
  return view.getBigUint64(0, true) === 0x7ff8_0000_0000_0000n
}

function seriesText(labels: Labels): string {
  const { metricName } = labels
  const rest = labelList(labels.without(METRIC_NAME))
  if (!isLegacyMetricName(metricName)) return `{${quoted(metricName)}${rest === '' ? '' : `,${rest}`}}`
  return rest === '' ? metricName : `${metricName}{${rest}}`
}

function labelList(labels: Labels): string {
  let text = ''
  for (let index = 0; index < labels.size; index++) {
    const name = labels.names[index] as string
    text += `${index === 0 ? '' : ','}${isLegacyLabelName(name) ? name : quoted(name)}=${quoted(labels.values[index] as string)}`
  }
  return text
}

function isLegacy(labels: Labels): boolean {
  return isLegacyMetricName(labels.metricName) && labels.names.every(isLegacyLabelName)
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

function escaped(text: string): string {
  return text.replace(/[\\\n"]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))
}
