// prometheus.WriteRequest as bytes; see read-v1.ts for its fields. A sample is a series with one sample, as
// Prometheus sends it: nothing is gained by looking for samples of one series.

import type { Exemplar, Metadata } from '@promlet/model'
import { outgoingSeries, type Portion, type WriteContent } from './outgoing.ts'
import { METRIC_TYPES } from './read-v1.ts'
import { varintLength, WireWriter } from './wire-writer.ts'
import { writeHistogram } from './write-histogram.ts'
import { sampleLength, writeSample } from './write-sample.ts'

const writer = new WireWriter()
const inner = new WireWriter()

/** The message; valid until the next call. */
export function writeV1({ slices, metadata }: WriteContent): Uint8Array {
  writer.clear()
  for (const { portion, from, to } of slices) for (let item = from; item < to; item++) writeItem(portion, item)
  for (const [family, described] of metadata) writeMetadata(family, described)
  return writer.bytes()
}

function writeItem(portion: Portion, item: number): void {
  const { samples, histograms, exemplars } = portion
  if (item < samples) {
    writeSampleOf(portion, item)
    return
  }
  const histogram = histograms[item - samples]
  inner.clear()
  if (histogram !== undefined) {
    writeHistogram(inner, histogram.at, histogram.histogram)
    writePoint(histogram.series.labelBlock, 0x22)
    return
  }
  const { series, exemplar } = exemplars[item - samples - histograms.length] as (typeof exemplars)[number]
  writeExemplar(exemplar)
  writePoint(series.labelBlock, 0x1a)
}

function writeSampleOf({ series, times, values }: Portion, item: number): void {
  const { labelBlock } = series[item] as (typeof series)[number]
  const at = times[item] as number
  const length = sampleLength(at)
  writer.byte(0x0a)
  writer.varint(labelBlock.length + 2 + length)
  writer.raw(labelBlock)
  writer.byte(0x12)
  writer.byte(length)
  writeSample(writer, values, item, at)
}

/** A series whose only point is what `inner` holds. */
function writePoint(labelBlock: Uint8Array, tag: number): void {
  writer.byte(0x0a)
  writer.varint(labelBlock.length + 1 + varintLength(inner.length) + inner.length)
  writer.raw(labelBlock)
  writer.field(tag, inner.bytes())
}

function writeExemplar({ labels, value, at }: Exemplar): void {
  inner.raw(outgoingSeries(labels).labelBlock)
  inner.byte(0x11)
  inner.double(value)
  if (at === undefined) return
  inner.byte(0x18)
  inner.int64(at)
}

function writeMetadata(family: string, { type, help, unit }: Metadata): void {
  inner.clear()
  inner.byte(0x08)
  inner.varint(METRIC_TYPES.indexOf(type))
  inner.text(0x12, family)
  inner.text(0x22, help)
  inner.text(0x2a, unit)
  writer.field(0x1a, inner.bytes())
}
