// Expositions as Prometheus's own parsers and Go's client library read and write them.

import {
  chooseFormat,
  createParser,
  type Escaping,
  type ExpositionFormat,
  type ExpositionParser,
  type Family,
  type FamilyType,
  type Metric,
  negotiate,
  parseFamilies,
  type Sample,
  writeFamilies,
} from '@promlet/exposition'
import { describe, expect, test } from 'vitest'
import { conformanceBytes, conformanceJson, conformanceText, hasConformance } from './data.ts'

type Json = number | 'NaN' | '+Inf' | '-Inf'

interface JsonInput {
  readonly id: string
  readonly input?: string
  readonly input_b64?: string
}

/** A family in the shape of the protobuf model. Fields that are missing are 0 or empty. */
interface JsonFamily {
  readonly Name?: string
  readonly Help?: string
  readonly Type?: string
  readonly Metric: readonly JsonMetric[]
}

interface JsonMetric {
  readonly Label?: readonly { readonly Name: string; readonly Value: string }[]
  readonly TimestampMs?: number
  readonly Counter?: { readonly Value?: Json }
  readonly Gauge?: { readonly Value?: Json }
  readonly Untyped?: { readonly Value?: Json }
  readonly Summary?: {
    readonly SampleCount?: number
    readonly SampleSum?: Json
    readonly Quantile?: readonly { readonly Quantile: Json; readonly Value: Json }[]
  }
  readonly Histogram?: {
    readonly SampleCount?: number
    readonly SampleCountFloat?: number
    readonly SampleSum?: Json
    readonly Bucket?: readonly { readonly UpperBound: Json; readonly CumulativeCount?: number; readonly CumulativeCountFloat?: number }[]
  }
}

/** Tests are made when the file is read, so there must be something to read where there is no data. */
function cases<T>(path: string): readonly T[] {
  return hasConformance ? conformanceJson<T[]>(`exposition/${path}`) : []
}

function bytesOf({ input, input_b64 }: JsonInput): Uint8Array {
  return input_b64 === undefined ? Buffer.from(input ?? '') : Buffer.from(input_b64, 'base64')
}

function number(value: Json | undefined): number {
  return value === undefined
    ? 0
    : typeof value === 'number'
      ? value
      : value === 'NaN'
        ? Number.NaN
        : value === '+Inf'
          ? Infinity
          : -Infinity
}

function familyOf({ Name = '', Help, Type = 'COUNTER', Metric }: JsonFamily): Family {
  return { name: Name, help: Help, type: Type.toLowerCase() as FamilyType, metrics: Metric.map(metricOf) }
}

function metricOf(json: JsonMetric): Metric {
  const labels = (json.Label ?? []).map(({ Name, Value }) => ({ name: Name, value: Value }))
  return { labels, ...(json.TimestampMs === undefined ? {} : { timestampMs: json.TimestampMs }), sample: sampleOf(json) }
}

function sampleOf({ Counter, Gauge, Untyped, Summary, Histogram }: JsonMetric): Sample {
  if (Summary !== undefined) {
    const quantiles = (Summary.Quantile ?? []).map(({ Quantile, Value }) => ({ quantile: number(Quantile), value: number(Value) }))
    return { kind: 'summary', count: Summary.SampleCount ?? 0, sum: number(Summary.SampleSum), quantiles }
  }
  if (Histogram !== undefined) {
    const buckets = (Histogram.Bucket ?? []).map((bucket) => ({
      upperBound: number(bucket.UpperBound),
      count: bucket.CumulativeCountFloat ?? bucket.CumulativeCount ?? 0,
    }))
    const count = Histogram.SampleCountFloat ?? Histogram.SampleCount ?? 0
    return { kind: 'histogram', count, sum: number(Histogram.SampleSum), buckets }
  }
  return { kind: 'value', value: number((Counter ?? Gauge ?? Untyped)?.Value) }
}

function byName(families: readonly Family[]): readonly Family[] {
  return [...families].sort((left, right) => (left.name < right.name ? -1 : 1))
}

describe.skipIf(!hasConformance)('families of the client library', () => {
  for (const json of cases<JsonInput & { families: readonly JsonFamily[] }>('expfmt_text_parse.jsonl')) {
    test(`${json.id} is read`, () => {
      expect(byName(parseFamilies(bytesOf(json)))).toEqual(byName(json.families.map(familyOf)))
    })
  }

  for (const json of cases<JsonInput & { error_prefix_utf8: string | null; error_prefix_legacy: string | null }>(
    'expfmt_text_errors.jsonl',
  )) {
    for (const [names, prefix] of [['utf8', json.error_prefix_utf8] as const, ['legacy', json.error_prefix_legacy] as const]) {
      test(`${json.id} with ${names} names ${prefix === null ? 'is fine' : 'is refused'}`, () => {
        const message = messageOf(() => parseFamilies(bytesOf(json), { names })) ?? null
        expect(prefix === null ? message : message?.slice(0, prefix.length)).toBe(prefix)
      })
    }
  }

  for (const json of cases<{ id: string; family: JsonFamily; output?: string; error_prefix?: string }>('expfmt_text_create.jsonl')) {
    // A counter's sample and an untyped one have the same shape here, so the wrong one cannot be given.
    if (json.id === 'expfmt/TestCreateError/2') continue
    test(`${json.id} is ${json.output === undefined ? 'refused' : 'written'}`, () => {
      const write = () => writeFamilies([familyOf(json.family)])
      if (json.output !== undefined) expect(write()).toBe(json.output)
      else expect(messageOf(write)?.slice(0, json.error_prefix?.length)).toBe(json.error_prefix)
    })
  }
})

/** One entry of a scraped exposition, in the order of the input. */
interface JsonEntry {
  readonly kind: string
  readonly metric?: string
  readonly help?: string
  readonly type?: string
  readonly unit?: string
  readonly comment?: string
  readonly raw?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly value?: Json
  readonly timestamp_ms?: number
  readonly start_timestamp_ms?: number
  readonly exemplars?: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly timestamp_ms?: number
  }[]
}

interface ParseCase extends JsonInput {
  readonly options: { readonly type_and_unit_labels?: boolean }
}

function parserFor({ options }: ParseCase, format: ExpositionFormat): ExpositionParser {
  return createParser(format, { typeAndUnitLabels: options.type_and_unit_labels ?? false })
}

/** Reads a body to its end. */
function entriesOf(parser: ExpositionParser, body: Uint8Array): readonly JsonEntry[] {
  const entries: JsonEntry[] = []
  parser.start(body)
  for (let entry = parser.next(); entry !== 'end'; entry = parser.next()) entries.push(entryOf(parser, entry))
  parser.keep()
  return entries
}

function entryOf(parser: ExpositionParser, entry: 'series' | 'metadata' | 'comment'): JsonEntry {
  if (entry === 'comment') return { kind: 'comment', comment: parser.comment() }
  if (entry === 'metadata') return parser.metadata()
  const series = { kind: 'series', raw: parser.seriesText(), labels: parser.labels().toJSON(), value: jsonNumber(parser.value) }
  const exemplars = parser
    .exemplars()
    .map(({ labels, value, at }) => ({ labels: labels.toJSON(), value, ...(at === undefined ? {} : { timestamp_ms: at }) }))
  return {
    ...series,
    ...(Number.isNaN(parser.timestampMs) ? {} : { timestamp_ms: parser.timestampMs }),
    ...(exemplars.length === 0 ? {} : { exemplars }),
  }
}

function jsonNumber(value: number): Json {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? value : value > 0 ? '+Inf' : '-Inf'
}

describe.skipIf(!hasConformance)('text 0.0.4 as it is scraped', () => {
  for (const json of cases<ParseCase & { entries: readonly JsonEntry[] }>('prom_text_parse.jsonl')) {
    test(`${json.id} is read, and read alike when its lines are remembered`, () => {
      const parser = parserFor(json, 'text/plain')
      expect(entriesOf(parser, bytesOf(json))).toEqual(json.entries)
      expect(entriesOf(parser, bytesOf(json))).toEqual(json.entries)
    })
  }

  for (const json of cases<ParseCase & { error: string | null }>('prom_text_errors.jsonl')) {
    test(`${json.id} ${json.error === null ? 'is fine' : 'is refused'}`, () => {
      expect(messageOf(() => entriesOf(parserFor(json, 'text/plain'), bytesOf(json))) ?? null).toBe(json.error)
    })
  }
})

describe.skipIf(!hasConformance)('OpenMetrics as it is scraped', () => {
  const format = 'application/openmetrics-text'

  for (const json of cases<OpenMetricsCase>('openmetrics_parse.jsonl')) {
    test(`${json.id} is read, and read alike when its lines are remembered`, () => {
      const parser = parserFor(json, format)
      const expected = json.entries.map((entry) => withoutStart(entry, json.compare))
      for (let round = 0; round < 2; round++) {
        const found = withoutCreated(entriesOf(parser, bytesOf(json))).map((entry) => withoutStart(entry, json.compare))
        expect(found).toEqual(expected)
      }
    })
  }

  for (const json of cases<ParseCase & { error: string | null }>('openmetrics_errors.jsonl')) {
    test(`${json.id} ${json.error === null ? 'is fine' : 'is refused'}`, () => {
      expect(messageOf(() => entriesOf(parserFor(json, format), bytesOf(json))) ?? null).toBe(json.error)
    })
  }

  for (const json of cases<JsonInput & { should_parse: boolean }>('openmetrics_corpus.jsonl')) {
    // Prometheus's parser, and so ours, takes many of the inputs that the corpus calls bad: these say nothing here.
    if (!json.should_parse) continue
    test(`${json.id} of the corpus is read`, () => {
      expect(messageOf(() => entriesOf(createParser(format), bytesOf(json)))).toBeUndefined()
    })
  }
})

/** What version 2.0 of OpenMetrics has and 1.0 has not: start times, values with parts, further exemplars, units that names lack. */
const ONLY_IN_2_0 = /st@|\{g?count:|# \{.*# \{|# UNIT (?:\w+_total|"process\.cpu\.seconds") seconds/

describe.skipIf(!hasConformance)('the examples of the OpenMetrics specification', () => {
  for (const json of cases<JsonInput & { should_parse: boolean }>('openmetrics_spec_examples.jsonl')) {
    if (!json.should_parse || ONLY_IN_2_0.test(json.input ?? '')) continue
    test(`${json.id} is read`, () => {
      expect(entriesOf(createParser('application/openmetrics-text'), bytesOf(json)).length).toBeGreaterThan(0)
    })
  }
})

interface OpenMetricsCase extends ParseCase {
  readonly entries: readonly JsonEntry[]
  readonly compare?: readonly (keyof JsonEntry)[]
}

/** Start times are not read (yet): they are left out of what is compared, and other fields that the case leaves out. */
function withoutStart(
  { start_timestamp_ms: _, ...entry }: JsonEntry,
  compare: readonly (keyof JsonEntry)[] | undefined,
): Partial<JsonEntry> {
  if (compare === undefined) return entry
  return Object.fromEntries(Object.entries(entry).filter(([name]) => compare.includes(name as keyof JsonEntry)))
}

/** The recorded parser makes start times of `_created` lines below the metadata of their family, and so skips these. */
function withoutCreated(entries: readonly JsonEntry[]): readonly JsonEntry[] {
  let family = ''
  return entries.filter(({ kind, metric, type, raw }) => {
    if (kind === 'type') family = ['counter', 'summary', 'histogram'].includes(type ?? '') ? (metric ?? '') : ''
    const name = raw?.startsWith('{"') ? raw.slice(2, raw.indexOf('"', 2)) : raw?.split('{')[0]
    return family === '' || name !== `${family}_created`
  })
}

interface ContentTypeCase {
  readonly id: string
  readonly content_type: string
  readonly fallback_scrape_protocol: string | null
  readonly parser: ExpositionFormat | null
  readonly error_contains: string | null
}

describe.skipIf(!hasConformance)('the format of an answer', () => {
  for (const json of cases<ContentTypeCase>('content_type.jsonl')) {
    test(`${json.id} gives ${json.parser ?? 'an error'}`, () => {
      const choose = () => chooseFormat(json.content_type, json.fallback_scrape_protocol ?? '')
      if (json.parser === null) expect(choose).toThrow(json.error_contains ?? '')
      else expect(choose()).toEqual({ format: json.parser, ...warningOf(json.error_contains) })
    })
  }

  function warningOf(text: string | null): object {
    return text === null ? {} : { warning: expect.stringContaining(text) }
  }

  for (const json of cases<{
    id: string
    name: string
    accept: string
    offer_openmetrics: boolean
    default_escaping: Escaping
    content_type: string
  }>('expfmt_negotiate.jsonl')) {
    test(`${json.id} (${json.name}) is answered`, () => {
      const offers = json.offer_openmetrics ? (['protobuf', 'openmetrics'] as const) : (['protobuf'] as const)
      expect(negotiate(json.accept, { offers, defaultEscaping: json.default_escaping })).toBe(json.content_type)
    })
  }
})

describe.skipIf(!hasConformance)('the pages of real servers', () => {
  for (const server of ['alertmanager', 'node_exporter', 'prometheus', 'pushgateway']) {
    test(`that of ${server} is written again as it was read, byte for byte`, () => {
      const text = conformanceText(`exposition/real/${server}.txt`)
      expect(writeFamilies(parseFamilies(text))).toBe(text)
    })
  }

  for (const server of ['alertmanager', 'node_exporter', 'prometheus', 'pushgateway', 'python_client']) {
    test(`that of ${server} has the same samples in both readers`, () => {
      const text = conformanceText(`exposition/real/${server}.txt`)
      const scraped = entriesOf(createParser('text/plain'), Buffer.from(text)).filter(({ kind }) => kind === 'series')
      const lines = writeFamilies(parseFamilies(text)).split('\n')
      const written = lines.filter((line) => line !== '' && !line.startsWith('#'))
      // The Python client writes whole bounds as 1.0, Go's as 1.
      expect(scraped.map(({ raw }) => raw?.replace(/le="(\d+)\.0"/, 'le="$1"')).sort()).toEqual(
        written.map((line) => line.slice(0, line.lastIndexOf(' '))).sort(),
      )
    })
  }
})

describe.skipIf(!hasConformance)('one registry in both formats', () => {
  test('gives the same values for the same series, but for the times at which they were made', () => {
    const read = (format: ExpositionFormat, path: string) => {
      const entries = entriesOf(createParser(format), conformanceBytes(`exposition/real/${path}`))
      const series = entries.filter(({ kind, raw }) => kind === 'series' && !raw?.includes('_created'))
      return new Map(series.map(({ labels, value }) => [JSON.stringify(labels), value]))
    }
    const text = read('text/plain', 'python_client.txt')
    expect(text.size).toBeGreaterThan(10)
    expect(read('application/openmetrics-text', 'python_client.openmetrics.txt')).toEqual(text)
  })
})

function messageOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
