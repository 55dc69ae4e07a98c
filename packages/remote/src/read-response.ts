// prometheus.ReadResponse, the answer of remote read with samples:
//
//   ReadResponse   1 results*, one for each query in its order
//   QueryResult    1 timeseries*, as in read-v1.ts but without exemplars

import { type Histogram, isStaleAt, Labels, type Millis, type SeriesColumns, setStale } from '@promlet/model'
import { RemoteError } from './error.ts'
import { outgoingSeries } from './outgoing.ts'
import { readHistogram } from './read-histogram.ts'
import { type LabelLists, readLabel } from './read-v1.ts'
import { WireReader } from './wire-reader.ts'
import { varintLength, WireWriter } from './wire-writer.ts'
import { writeHistogram } from './write-histogram.ts'
import { sampleLength, writeSample } from './write-sample.ts'

/** A series of an answer; without columns it is labels alone. */
export interface ReadSeries {
  readonly labels: Labels
  readonly columns?: Omit<SeriesColumns, 'labels'>
}

/** How long the parts of a series are, before any value of it is read. */
interface Measured extends ReadSeries {
  readonly labelBlock: Uint8Array
  /** The histogram fields, written. */
  readonly histograms: Uint8Array
  readonly length: number
}

/** Measures an answer, whose length stands before it, and then writes it a series at a time. */
export class ReadResponse {
  readonly #results: Measured[][] = []
  /** Of columns of times that were met: series of one target share one. */
  readonly #floatLengths = new Map<Float64Array, number>()

  /** The series added now are of the next query. */
  beginResult(): void {
    this.#results.push([])
  }

  addSeries({ labels, columns }: ReadSeries): void {
    const { labelBlock } = outgoingSeries(labels)
    const histograms = columns?.histograms === undefined ? NOTHING : histogramFields(columns.times, columns.histograms)
    const length = labelBlock.length + (columns === undefined ? 0 : this.#floatsLength(columns)) + histograms.length
    this.#results.at(-1)?.push({ labels, ...(columns !== undefined && { columns }), labelBlock, histograms, length })
  }

  /** How long the message is, in bytes. */
  get length(): number {
    return fieldsLength(this.#results.map(resultLength))
  }

  /** The message. A piece holds until the next one is asked for. */
  *pieces(): Generator<Uint8Array, void> {
    const writer = new WireWriter()
    for (const series of this.#results) {
      writer.byte(0x0a)
      writer.varint(resultLength(series))
      for (const one of series) {
        writeSeries(writer, one)
        yield writer.bytes()
        writer.clear()
      }
    }
    yield writer.bytes()
  }

  #floatsLength({ times, histograms }: Omit<SeriesColumns, 'labels'>): number {
    const known = histograms === undefined ? this.#floatLengths.get(times) : undefined
    if (known !== undefined) return known
    let length = 0
    for (let index = 0; index < times.length; index++) {
      if (histograms?.[index] === undefined) length += 2 + sampleLength(times[index] as number)
    }
    if (histograms === undefined) this.#floatLengths.set(times, length)
    return length
  }
}

const NOTHING = new Uint8Array()

function resultLength(series: readonly Measured[]): number {
  return fieldsLength(series.map(({ length }) => length))
}

/** Of messages of these lengths as fields, each with a tag of one byte. */
function fieldsLength(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + 1 + varintLength(length) + length, 0)
}

function writeSeries(writer: WireWriter, { columns, labelBlock, histograms, length }: Measured): void {
  writer.byte(0x0a)
  writer.varint(length)
  writer.raw(labelBlock)
  if (columns !== undefined) writeFloats(writer, columns)
  writer.raw(histograms)
}

function writeFloats(writer: WireWriter, { times, values, histograms }: Omit<SeriesColumns, 'labels'>): void {
  for (let index = 0; index < times.length; index++) {
    if (histograms?.[index] !== undefined) continue
    const at = times[index] as number
    writer.byte(0x12)
    writer.byte(sampleLength(at))
    writeSample(writer, values, index, at)
  }
}

function histogramFields(times: Float64Array, histograms: readonly (Histogram | undefined)[]): Uint8Array {
  const [fields, message] = [new WireWriter(), new WireWriter()]
  for (const [index, histogram] of histograms.entries()) {
    if (histogram === undefined) continue
    message.clear()
    writeHistogram(message, times[index] as number, histogram)
    fields.field(0x22, message.bytes())
  }
  return Uint8Array.from(fields.bytes())
}

/** The series of each result, as they came. @throws `RemoteError` `corrupt` */
export function parseReadResponse(message: Uint8Array): readonly (readonly SeriesColumns[])[] {
  const reader = new WireReader(message)
  const end = message.length
  const results: (readonly SeriesColumns[])[] = []
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) results.push(readResult(reader, reader.lengthEnd(end)))
    else reader.skip(tag, end)
  }
  return results
}

function readResult(reader: WireReader, end: number): readonly SeriesColumns[] {
  const found: SeriesColumns[] = []
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) found.push(readSeries(reader, reader.lengthEnd(end)))
    else reader.skip(tag, end)
  }
  return found
}

interface HistogramAt {
  readonly at: Millis
  readonly histogram: Histogram
}

function readSeries(reader: WireReader, end: number): SeriesColumns {
  const floats = countSamples(reader, end)
  const times = new Float64Array(floats)
  const values = new Float64Array(floats)
  const lists: LabelLists = { names: [], values: [] }
  const histograms: HistogramAt[] = []
  let slot = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readLabel(reader, reader.lengthEnd(end), lists)
    else if (tag === 0x12) times[slot] = readSample(reader, reader.lengthEnd(end), values, slot++)
    else if (tag === 0x22) histograms.push(readHistogram(reader, reader.lengthEnd(end)))
    else reader.skip(tag, end)
  }
  const labels = Labels.fromPairs(lists.names.map((name, index) => [name, lists.values[index] as string]))
  const columns = histograms.length === 0 ? { times, values } : inOrder(times, values, histograms)
  if (!isIncreasing(columns.times)) throw new RemoteError('corrupt', `samples of ${labels} are not in order of time`)
  return { labels, ...columns }
}

function countSamples(reader: WireReader, end: number): number {
  const start = reader.at
  let count = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x12) count++
    reader.skip(tag, end)
  }
  reader.at = start
  return count
}

/** Puts the value into its slot; gives the time. */
function readSample(reader: WireReader, end: number, values: Float64Array, slot: number): Millis {
  let at = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x09) {
      values[slot] = reader.double()
      if (reader.wasStale()) setStale(values, slot)
    } else if (tag === 0x10) {
      at = reader.int64()
    } else {
      reader.skip(tag, end)
    }
  }
  reader.checkEnd(end)
  return at
}

/** Floats and histograms come in lists of their own, each in order of time. */
function inOrder(times: Float64Array, values: Float64Array, histograms: readonly HistogramAt[]): Omit<SeriesColumns, 'labels'> {
  const length = times.length + histograms.length
  const merged = { times: new Float64Array(length), values: new Float64Array(length), histograms: new Array<Histogram | undefined>(length) }
  let float = 0
  for (let slot = 0, next = 0; slot < length; slot++) {
    const own = histograms[next]
    if (own !== undefined && (float === times.length || own.at <= (times[float] as number))) {
      merged.times[slot] = own.at
      merged.histograms[slot] = own.histogram
      next++
    } else {
      merged.times[slot] = times[float] as number
      if (isStaleAt(values, float)) setStale(merged.values, slot)
      else merged.values[slot] = values[float] as number
      float++
    }
  }
  return merged
}

function isIncreasing(times: Float64Array): boolean {
  for (let index = 1; index < times.length; index++) if (!((times[index] as number) > (times[index - 1] as number))) return false
  return true
}
