// io.prometheus.write.v2.Request as bytes; see read-v2.ts for its fields. Series are written first, to a buffer of
// their own, because they fill the table of symbols that stands before them.

import type { Exemplar, Labels, Metadata } from '@promlet/model'
import type { OutgoingSeries, Portion, WriteContent } from './outgoing.ts'
import { METRIC_TYPES } from './read-v1.ts'
import { WireWriter } from './wire-writer.ts'
import { writeHistogram } from './write-histogram.ts'
import { writeSample } from './write-sample.ts'

const message = new WireWriter()
const series = new WireWriter()
const body = new WireWriter()
const inner = new WireWriter()
const list = new WireWriter()

/** The message; valid until the next call. */
export function writeV2({ slices, metadata }: WriteContent): Uint8Array {
  // Symbol 0 is the empty text, as the protocol asks for.
  const symbols = new Map<string, number>([['', 0]])
  series.clear()
  for (const { portion, from, to } of slices) for (let item = from; item < to; item++) writeItem(portion, item, metadata, symbols)
  message.clear()
  for (const symbol of symbols.keys()) {
    message.byte(0x22)
    const length = Buffer.byteLength(symbol)
    message.varint(length)
    message.raw(Buffer.from(symbol))
  }
  message.raw(series.bytes())
  return message.bytes()
}

type Symbols = Map<string, number>

function writeItem(portion: Portion, item: number, metadata: ReadonlyMap<string, Metadata>, symbols: Symbols): void {
  const { samples, histograms, exemplars } = portion
  const histogram = histograms[item - samples]
  const exemplar = exemplars[item - samples - histograms.length]
  const owner = portion.series[item] ?? histogram?.series ?? (exemplar?.series as OutgoingSeries)
  body.clear()
  writeRefs(body, owner.labels, symbols)
  inner.clear()
  if (item < samples) {
    writeSample(inner, portion.values, item, portion.times[item] as number)
    const startAt = portion.starts.get(item) ?? 0
    if (startAt !== 0) {
      inner.byte(0x18)
      inner.int64(startAt)
    }
    body.field(0x12, inner.bytes())
  } else if (histogram !== undefined) {
    writeHistogram(inner, histogram.at, histogram.histogram)
    if (histogram.startAt !== 0) {
      // Field 17: its tag takes two bytes.
      inner.varint(17 << 3)
      inner.int64(histogram.startAt)
    }
    body.field(0x1a, inner.bytes())
  } else if (exemplar !== undefined) {
    writeExemplar(exemplar.exemplar, symbols)
    body.field(0x22, inner.bytes())
  }
  writeMetadata(metadataOf(owner.labels.metricName, metadata), symbols)
  series.field(0x2a, body.bytes())
}

function writeRefs(to: WireWriter, labels: Labels, symbols: Symbols): void {
  if (labels.size === 0) return
  list.clear()
  for (const [name, value] of labels) {
    list.varint(refOf(name, symbols))
    list.varint(refOf(value, symbols))
  }
  to.field(0x0a, list.bytes())
}

function refOf(text: string, symbols: Symbols): number {
  let ref = symbols.get(text)
  if (ref === undefined) {
    ref = symbols.size
    symbols.set(text, ref)
  }
  return ref
}

function writeExemplar({ labels, value, at }: Exemplar, symbols: Symbols): void {
  writeRefs(inner, labels, symbols)
  inner.byte(0x11)
  inner.double(value)
  if (at === undefined) return
  inner.byte(0x18)
  inner.int64(at)
}

function writeMetadata(described: Metadata | undefined, symbols: Symbols): void {
  if (described === undefined) return
  inner.clear()
  inner.byte(0x08)
  inner.varint(METRIC_TYPES.indexOf(described.type))
  inner.byte(0x18)
  inner.varint(refOf(described.help, symbols))
  inner.byte(0x20)
  inner.varint(refOf(described.unit, symbols))
  body.field(0x2a, inner.bytes())
}

/** The series of a histogram or summary have that of their family. */
function metadataOf(metricName: string, metadata: ReadonlyMap<string, Metadata>): Metadata | undefined {
  if (metadata.size === 0) return undefined
  return metadata.get(metricName) ?? metadata.get(metricName.replace(/_(bucket|g?count|g?sum|total|created|info)$/, ''))
}
