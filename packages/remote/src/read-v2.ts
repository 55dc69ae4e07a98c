// io.prometheus.write.v2.Request, remote write 2.0: texts stand once in a table of symbols, series refer to them.
//
//   Request     4 symbols*  5 timeseries*              Sample    1 value  2 timestamp  3 start timestamp
//   TimeSeries  1 label refs (name, value, …)          Exemplar  1 label refs  2 value  3 timestamp
//               2 samples*  3 histograms*              Metadata  1 type  3 help ref  4 unit ref
//               4 exemplars*  5 metadata

import { Labels, METRIC_NAME, type MetricType, type SeriesRef } from '@promlet/model'
import type { Intake } from './intake.ts'
import { readHistogram } from './read-histogram.ts'
import { METRIC_TYPES, readSample, readText } from './read-v1.ts'
import { BYTES, VARINT, WireReader } from './wire-reader.ts'

/** Reads a whole request into a batch. @throws `RemoteError` `corrupt`; then what was appended so far must not be committed. */
export function readV2(message: Uint8Array, intake: Intake): void {
  const reader = new WireReader(message)
  const end = message.length
  const symbols: string[] = []
  // The symbols come first by custom, but not by the format.
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x22) symbols.push(readText(reader, end))
    else reader.skip(tag, end)
  }
  reader.at = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x2a) readSeries(reader, reader.lengthEnd(end), symbols, intake)
    else reader.skip(tag, end)
  }
}

function readSeries(reader: WireReader, end: number, symbols: readonly string[], intake: Intake): void {
  const start = reader.at
  const refs: number[] = []
  while (reader.at < end) readRefs(reader, end, 1, refs)
  const texts = resolveTexts(refs, symbols)
  reader.at = end
  if (texts === undefined) {
    intake.refuse(badRefs(refs, symbols))
    return
  }
  // The symbol table is another in each request, so that the key is made of the texts.
  const key = `2${texts.join('\xff')}`
  let ref = intake.cache.get(key)
  if (ref === undefined) {
    const names = texts.filter((_, index) => index % 2 === 0)
    const values = texts.filter((_, index) => index % 2 === 1)
    ref = intake.resolve(key, names, values)
  }
  reader.at = start
  readPoints(reader, end, texts, ref, symbols, intake)
}

/** Reads the next field: adds to `refs` when it is the list of references with that number, packed or one by one. */
function readRefs(reader: WireReader, end: number, field: number, refs: number[]): void {
  const tag = reader.uint32()
  if (tag === field * 8 + VARINT) {
    refs.push(reader.uint32())
  } else if (tag === field * 8 + BYTES) {
    const listEnd = reader.lengthEnd(end)
    while (reader.at < listEnd) refs.push(reader.uint32())
    reader.checkEnd(listEnd)
  } else {
    reader.skip(tag, end)
  }
}

/** Name, value, name, value …; undefined when a reference leads nowhere. */
function resolveTexts(refs: readonly number[], symbols: readonly string[]): readonly string[] | undefined {
  if (refs.length % 2 !== 0) return undefined
  const texts: string[] = []
  for (const ref of refs) {
    const text = symbols[ref]
    if (text === undefined) return undefined
    texts.push(text)
  }
  return texts
}

function badRefs(refs: readonly number[], symbols: readonly string[]): string {
  if (refs.length % 2 !== 0) return `invalid labelRefs length ${refs.length}`
  return `labelRefs ${refs.find((ref) => ref >= symbols.length)} outside of symbols table (size ${symbols.length})`
}

/** All but the labels. Without a reference samples are passed over and counted. */
function readPoints(
  reader: WireReader,
  end: number,
  texts: readonly string[],
  ref: SeriesRef | undefined,
  symbols: readonly string[],
  intake: Intake,
): void {
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x12) {
      readSample(reader, reader.lengthEnd(end), ref, intake)
    } else if (tag === 0x1a) {
      const histogram = readHistogram(reader, reader.lengthEnd(end))
      if (ref === undefined) intake.invalidSamples++
      else intake.addHistogram(ref, histogram)
    } else if (tag === 0x22 && ref !== undefined) {
      readExemplar(reader, reader.lengthEnd(end), ref, symbols, intake)
    } else if (tag === 0x2a && ref !== undefined) {
      readMetadata(reader, reader.lengthEnd(end), metricNameOf(texts), symbols, intake)
    } else {
      reader.skip(tag, end)
    }
  }
}

function readExemplar(reader: WireReader, end: number, ref: SeriesRef, symbols: readonly string[], intake: Intake): void {
  const refs: number[] = []
  let value = 0
  let at = 0
  while (reader.at < end) {
    const tag = reader.bytes[reader.at]
    if (tag === 0x11) {
      reader.at++
      value = reader.double()
    } else if (tag === 0x18) {
      reader.at++
      at = reader.int64()
    } else {
      readRefs(reader, end, 1, refs)
    }
  }
  reader.checkEnd(end)
  const texts = resolveTexts(refs, symbols)
  if (texts === undefined) {
    intake.refuse(`exemplar: ${badRefs(refs, symbols)}`)
    return
  }
  const pairs: [string, string][] = []
  for (let index = 0; index < texts.length; index += 2) pairs.push([texts[index] as string, texts[index + 1] as string])
  intake.appender.appendExemplar(ref, { labels: Labels.fromPairs(pairs), value, ...(at !== 0 && { at }) })
  intake.exemplars++
}

function readMetadata(reader: WireReader, end: number, metricName: string, symbols: readonly string[], intake: Intake): void {
  let type = 0
  let help = 0
  let unit = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === 0x08) type = reader.uint32()
    else if (tag === 0x18) help = reader.uint32()
    else if (tag === 0x20) unit = reader.uint32()
    else reader.skip(tag, end)
  }
  reader.checkEnd(end)
  if (type === 0 && help === 0 && unit === 0) return
  const metricType = METRIC_TYPES[type] ?? 'unknown'
  const metadata = { type: metricType, help: symbols[help] ?? '', unit: symbols[unit] ?? '' }
  intake.appender.setMetadata(familyOf(metricName, metricType), metadata)
}

function metricNameOf(texts: readonly string[]): string {
  for (let index = 0; index < texts.length; index += 2) if (texts[index] === METRIC_NAME) return texts[index + 1] as string
  return ''
}

/** Metadata comes with each series; the parts of a histogram or summary share that of their family. */
function familyOf(metricName: string, type: MetricType): string {
  switch (type) {
    case 'histogram':
    case 'gaugehistogram':
      return metricName.replace(/_(bucket|g?count|g?sum)$/, '')
    case 'summary':
      return metricName.replace(/_(count|sum)$/, '')
    default:
      return metricName
  }
}
