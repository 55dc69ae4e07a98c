import type { Labels, MatcherSets, Metadata, TimeRange } from '@promlet/model'
import type { ScanOptions, StoreScan } from '../scan.ts'
import { type DumpCounts, LosslessWriter } from './lossless-writer.ts'

export interface LosslessDumpOptions {
  readonly matcherSets: MatcherSets
  /** Its ends may be infinite. */
  readonly range: TimeRange
  readonly damaged?: ScanOptions['damaged']
  /** Called after each portion. */
  readonly progress?: (counts: Readonly<DumpCounts>) => void
}

/** The text of a lossless dump, in pieces of some kilobytes. Series are in label order. */
export function* losslessDump(scan: StoreScan, options: LosslessDumpOptions): Generator<string> {
  const writer = new LosslessWriter()
  yield writer.head()
  const ids = scan.series(options.matcherSets)
  yield* metadataLines(scan, ids, options, writer)
  yield* seriesLines(scan, ids, options, writer)
  yield writer.end()
  options.progress?.(writer.counts)
}

function* seriesLines(
  scan: StoreScan,
  ids: Uint32Array,
  { range, damaged, progress }: LosslessDumpOptions,
  writer: LosslessWriter,
): Generator<string> {
  let current: number | undefined
  for (const run of scan.read(ids, range, damaged === undefined ? {} : { damaged })) {
    if (run.id !== current) {
      if (current !== undefined) yield writer.endSeries(scan.exemplars(current, range))
      yield writer.series(run.labels)
      current = run.id
      progress?.(writer.counts)
    }
    yield writer.samples(run)
  }
  if (current !== undefined) yield writer.endSeries(scan.exemplars(current, range))
}

/** All metadata, or only what belongs to the series that were asked for. */
function* metadataLines(
  scan: StoreScan,
  ids: Uint32Array,
  { matcherSets }: LosslessDumpOptions,
  writer: LosslessWriter,
): Generator<string> {
  const all = scan.metadata()
  const names = matcherSets.length === 0 ? undefined : metricNames(scan, ids)
  for (const [metric, metadata] of all) if (names === undefined || isNamed(metric, metadata, names)) yield writer.metadata(metric, metadata)
}

function metricNames(scan: StoreScan, ids: Uint32Array): ReadonlySet<string> {
  const names = new Set<string>()
  for (const id of ids) {
    const labels: Labels | undefined = scan.labels(id)
    if (labels !== undefined) names.add(labels.metricName)
  }
  return names
}

const SUFFIXES: Readonly<Record<Metadata['type'], readonly string[]>> = {
  counter: ['', '_total', '_created'],
  gauge: [''],
  histogram: ['', '_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['', '_bucket', '_gcount', '_gsum', '_count', '_sum'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['', '_info'],
  stateset: [''],
  unknown: [''],
}

/** True when one of the metrics can belong to the family. */
function isNamed(metric: string, { type }: Metadata, names: ReadonlySet<string>): boolean {
  return SUFFIXES[type].some((suffix) => names.has(metric + suffix))
}
