// prometheus.WriteRequest, remote write 1.0:
//
//   WriteRequest   1 timeseries*  3 metadata*          Sample    1 value (double)  2 timestamp (ms)
//   TimeSeries     1 labels*  2 samples*               Exemplar  1 labels*  2 value  3 timestamp
//                  3 exemplars*  4 histograms*         Label     1 name  2 value
//   MetricMetadata 1 type  2 family  4 help  5 unit
//
// The samples go straight from the bytes to the appender. The label block of a series, as it stands there, is the
// key under which its reference is remembered.

import { type Exemplar, Labels, type MetricType, type SeriesRef } from '@promlet/model'
import { decodeText, type Intake } from './intake.ts'
import { readHistogram } from './read-histogram.ts'
import { WireReader } from './wire-reader.ts'

/** By the number on the wire; remote write 2.0 has the same. */
export const METRIC_TYPES: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
]

/** Reads a whole request into a batch. @throws `RemoteError` `corrupt`; then what was appended so far must not be committed. */
export function readV1(message: Uint8Array, intake: Intake): void {
  const reader = new WireReader(message)
  const end = message.length
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readSeries(reader, reader.lengthEnd(end), intake)
    else if (tag === 0x1a) readMetadata(reader, reader.lengthEnd(end), intake)
    else reader.skip(tag, end)
  }
}

function readSeries(reader: WireReader, end: number, intake: Intake): void {
  const start = reader.at
  const labelsEnd = passLabels(reader, end)
  if (labelsEnd < 0) {
    readSeries(labelsFirst(reader, start, end), end - start, intake)
    reader.at = end
    return
  }
  const key = reader.bytes.toString('latin1', start, labelsEnd)
  let ref = intake.cache.get(key)
  if (ref === undefined) {
    reader.at = start
    const { names, values } = readLabels(reader, labelsEnd)
    ref = intake.resolve(key, names, values)
  }
  reader.at = labelsEnd
  readPoints(reader, end, ref, intake)
}

/** Passes over a series; gives where its labels end, or -1 when some of them come after other fields. */
function passLabels(reader: WireReader, end: number): number {
  let labelsEnd = reader.at
  while (reader.at < end) {
    const fieldStart = reader.at
    const tag = reader.uint32()
    reader.skip(tag, end)
    if (tag !== 0x0a) continue
    if (fieldStart !== labelsEnd) return -1
    labelsEnd = reader.at
  }
  return labelsEnd
}

/** No sender does this, but the format allows it: a copy of the series with its labels in front. */
function labelsFirst(reader: WireReader, start: number, end: number): WireReader {
  const labels: Buffer[] = []
  const others: Buffer[] = []
  reader.at = start
  while (reader.at < end) {
    const fieldStart = reader.at
    const tag = reader.uint32()
    reader.skip(tag, end)
    const field = reader.bytes.subarray(fieldStart, reader.at)
    if (tag === 0x0a) labels.push(field)
    else others.push(field)
  }
  return new WireReader(Buffer.concat([...labels, ...others]))
}

/** Samples, exemplars and histograms. Without a reference they are passed over and counted. */
function readPoints(reader: WireReader, end: number, ref: SeriesRef | undefined, intake: Intake): void {
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x12) {
      readSample(reader, reader.lengthEnd(end), ref, intake)
    } else if (tag === 0x1a && ref !== undefined) {
      intake.appender.appendExemplar(ref, readExemplar(reader, reader.lengthEnd(end)))
      intake.exemplars++
    } else if (tag === 0x22) {
      const histogram = readHistogram(reader, reader.lengthEnd(end))
      if (ref === undefined) intake.invalidSamples++
      else intake.addHistogram(ref, histogram)
    } else {
      reader.skip(tag, end)
    }
  }
}

/** One sample; remote write 2.0 has the same message, with a start timestamp. */
export function readSample(reader: WireReader, end: number, ref: SeriesRef | undefined, intake: Intake): void {
  let value = 0
  let at = 0
  let startAt = 0
  let isStale = false
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x09) {
      value = reader.double()
      isStale = Number.isNaN(value) && reader.wasStale()
    } else if (tag === 0x10) {
      at = reader.int64()
    } else if (tag === 0x18) {
      startAt = reader.int64()
    } else {
      reader.skip(tag, end)
    }
  }
  reader.checkEnd(end)
  if (ref === undefined) {
    intake.invalidSamples++
    return
  }
  if (isStale) intake.appender.appendStale(ref, at)
  else intake.appender.append(ref, at, value, startAt)
  intake.samples++
}

/** The labels of one series, side by side. */
export interface LabelLists {
  readonly names: string[]
  readonly values: string[]
}

function readLabels(reader: WireReader, end: number): LabelLists {
  const lists: LabelLists = { names: [], values: [] }
  while (reader.at < end) {
    reader.uint32()
    readLabel(reader, reader.lengthEnd(end), lists)
  }
  return lists
}

/** One Label message. */
export function readLabel(reader: WireReader, end: number, { names, values }: LabelLists): void {
  let name = ''
  let value = ''
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) name = readText(reader, end)
    else if (tag === 0x12) value = readText(reader, end)
    else reader.skip(tag, end)
  }
  names.push(name)
  values.push(value)
}

/** A text whose length comes next. */
export function readText(reader: WireReader, outer: number): string {
  const end = reader.lengthEnd(outer)
  const text = decodeText(reader.bytes, reader.at, end)
  reader.at = end
  return text
}

function readExemplar(reader: WireReader, end: number): Exemplar {
  const lists: LabelLists = { names: [], values: [] }
  let value = 0
  let at = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x0a) readLabel(reader, reader.lengthEnd(end), lists)
    else if (tag === 0x11) value = reader.double()
    else if (tag === 0x18) at = reader.int64()
    else reader.skip(tag, end)
  }
  reader.checkEnd(end)
  const labels = Labels.fromPairs(lists.names.map((name, index) => [name, lists.values[index] as string]))
  return { labels, value, ...(at !== 0 && { at }) }
}

function readMetadata(reader: WireReader, end: number, intake: Intake): void {
  let type = 0
  let family = ''
  let help = ''
  let unit = ''
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x08) type = reader.uint32()
    else if (tag === 0x12) family = readText(reader, end)
    else if (tag === 0x22) help = readText(reader, end)
    else if (tag === 0x2a) unit = readText(reader, end)
    else reader.skip(tag, end)
  }
  reader.checkEnd(end)
  if (family !== '') intake.appender.setMetadata(family, { type: METRIC_TYPES[type] ?? 'unknown', help, unit })
}
