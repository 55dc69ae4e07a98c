// MetricFamily messages of prometheus/client_model, each with its length in front: what Go's client pushes. Families
// are read as the text format could say them: exemplars, created timestamps and native buckets are passed over, and a
// histogram that has only native buckets keeps its sum and count.

import { ExpositionError } from './error.ts'
import type { Family, FamilyType, HistogramSample, LabelPair, Metric, Sample, SummarySample } from './family.ts'
import { WireReader } from './wire-reader.ts'

const TYPES: readonly FamilyType[] = ['counter', 'gauge', 'summary', 'untyped', 'histogram', 'gauge_histogram']

/**
 * Reads length-delimited MetricFamily messages. Of families of one name the last counts; one without metrics is left out.
 * @throws ExpositionError `syntax` when the bytes are no such messages, `invalid-family` when a metric is not of its family's type.
 */
export function parseDelimitedFamilies(input: Uint8Array): Family[] {
  const reader = new WireReader(input)
  const families = new Map<string, Family>()
  while (!reader.isAtEnd) {
    const family = readFamily(reader.message())
    if (family.metrics.length > 0) families.set(family.name, family)
  }
  return [...families.values()]
}

function readFamily(reader: WireReader): Family {
  let name = ''
  let help: string | undefined
  let type: FamilyType = 'counter'
  const messages: WireReader[] = []
  while (reader.next()) {
    if (reader.field === 1) name = reader.text()
    else if (reader.field === 2) help = reader.text()
    else if (reader.field === 3) type = TYPES[reader.varint()] ?? 'untyped'
    else if (reader.field === 4) messages.push(reader.message())
    else reader.skip()
  }
  if (name === '') throw new ExpositionError('invalid-family', 'MetricFamily has no name')
  return { name, help, type, metrics: messages.map((message) => readMetric(message, name, type)) }
}

function readMetric(reader: WireReader, name: string, type: FamilyType): Metric {
  const labels: LabelPair[] = []
  let timestampMs: number | undefined
  let sample: Sample | undefined
  const wanted = SAMPLE_FIELDS[type]
  while (reader.next()) {
    if (reader.field === 1) labels.push(readLabel(reader.message()))
    else if (reader.field === 6) timestampMs = reader.int64()
    else if (reader.field === wanted) sample = readSample(reader.message(), type)
    else reader.skip()
  }
  if (sample === undefined) throw new ExpositionError('invalid-family', `expected ${type} in metric ${name}`)
  return timestampMs === undefined ? { labels, sample } : { labels, timestampMs, sample }
}

/** The field of Metric that holds what a family of a type measures. */
const SAMPLE_FIELDS: Readonly<Record<FamilyType, number>> = {
  gauge: 2,
  counter: 3,
  summary: 4,
  untyped: 5,
  histogram: 7,
  gauge_histogram: 7,
}

function readSample(reader: WireReader, type: FamilyType): Sample {
  switch (type) {
    case 'summary':
      return readSummary(reader)
    case 'histogram':
    case 'gauge_histogram':
      return readHistogram(reader)
    default: {
      const [value = 0] = readDoubles(reader, 1)
      return { kind: 'value', value }
    }
  }
}

function readSummary(reader: WireReader): SummarySample {
  let count = 0
  let sum = 0
  const quantiles: { quantile: number; value: number }[] = []
  while (reader.next()) {
    if (reader.field === 1) count = reader.varint()
    else if (reader.field === 2) sum = reader.double()
    else if (reader.field === 3) {
      const [quantile = 0, value = 0] = readDoubles(reader.message(), 2)
      quantiles.push({ quantile, value })
    } else reader.skip()
  }
  return { kind: 'summary', count, sum, quantiles }
}

function readHistogram(reader: WireReader): HistogramSample {
  let count = 0
  let sum = 0
  const buckets: { upperBound: number; count: number }[] = []
  while (reader.next()) {
    if (reader.field === 1) count = Math.max(count, reader.varint())
    else if (reader.field === 2) sum = reader.double()
    else if (reader.field === 3) buckets.push(readBucket(reader.message()))
    // A histogram of floats has its count here, and 0 in field 1.
    else if (reader.field === 4) count = Math.max(count, reader.double())
    else reader.skip()
  }
  return { kind: 'histogram', count, sum, buckets }
}

function readBucket(reader: WireReader): { upperBound: number; count: number } {
  let upperBound = 0
  let count = 0
  while (reader.next()) {
    if (reader.field === 1) count = Math.max(count, reader.varint())
    else if (reader.field === 2) upperBound = reader.double()
    else if (reader.field === 4) count = Math.max(count, reader.double())
    else reader.skip()
  }
  return { upperBound, count }
}

function readLabel(reader: WireReader): LabelPair {
  let name = ''
  let value = ''
  while (reader.next()) {
    if (reader.field === 1) name = reader.text()
    else if (reader.field === 2) value = reader.text()
    else reader.skip()
  }
  return { name, value }
}

/** The doubles in fields 1 to `fields`. */
function readDoubles(reader: WireReader, fields: number): number[] {
  const values: number[] = []
  while (reader.next()) {
    if (reader.field <= fields) values[reader.field - 1] = reader.double()
    else reader.skip()
  }
  return values
}
