import { isLegacyLabelName, isLegacyMetricName } from '@promlet/model'
import { ExpositionError } from './error.ts'
import type { Family, HistogramSample, LabelPair, Metric, Sample, SummarySample } from './family.ts'
import { formatFloatGo } from './number-text.ts'

/**
 * Families as text 0.0.4, in the order given and byte for byte as Go's client libraries write them.
 * @throws ExpositionError `invalid-family` for a family without name or metrics, or with a sample of another type.
 */
export function writeFamilies(families: readonly Family[]): string {
  let text = ''
  for (const family of families) text += writeFamily(family)
  return text
}

function writeFamily(family: Family): string {
  if (family.metrics.length === 0) throw invalid(`MetricFamily has no metrics: ${family.name}`)
  if (family.name === '') throw invalid('MetricFamily has no name')
  const plain = isLegacyMetricName(family.name)
  const name = plain ? family.name : `"${escapeValue(family.name)}"`
  let text = family.help === undefined ? '' : `# HELP ${name} ${escapeHelp(family.help)}\n`
  // The text format has no gauge histograms: readers see a histogram.
  text += `# TYPE ${name} ${family.type === 'gauge_histogram' ? 'histogram' : family.type}\n`
  for (const metric of family.metrics) text += writeMetric(family, metric, plain)
  return text
}

/**
 * The lines of one metric of a family, without HELP and TYPE, for those who keep them.
 * @throws ExpositionError `invalid-family` for a sample of another type.
 */
export function writeMetricLines(family: Pick<Family, 'name' | 'type'>, metric: Metric): string {
  return writeMetric(family, metric, isLegacyMetricName(family.name))
}

/** What the lines of one metric have in common. */
interface LineParts {
  readonly name: string
  /** False when the name has to stand in quotes, inside the braces. */
  readonly plain: boolean
  readonly labels: string
  /** With its leading space, or empty. */
  readonly timestamp: string
}

function writeMetric(family: Pick<Family, 'name' | 'type'>, { labels, timestampMs, sample }: Metric, plain: boolean): string {
  if (sample.kind !== sampleKind(family)) throw invalid(`expected ${family.type} in metric ${family.name}`)
  const timestamp = timestampMs === undefined ? '' : ` ${timestampMs}`
  const parts: LineParts = { name: family.name, plain, labels: labels.map(writeLabel).join(','), timestamp }
  switch (sample.kind) {
    case 'value':
      return writeLine(parts, '', '', sample.value)
    case 'summary':
      return writeSummary(parts, sample)
    case 'histogram':
      return writeHistogram(parts, sample)
  }
}

function sampleKind(family: Pick<Family, 'type'>): Sample['kind'] {
  switch (family.type) {
    case 'summary':
      return 'summary'
    case 'histogram':
    case 'gauge_histogram':
      return 'histogram'
    default:
      return 'value'
  }
}

function writeSummary(parts: LineParts, { quantiles, sum, count }: SummarySample): string {
  const lines = quantiles.map(({ quantile, value }) => writeLine(parts, '', `quantile="${formatFloatGo(quantile)}"`, value))
  lines.push(writeLine(parts, '_sum', '', sum), writeLine(parts, '_count', '', count))
  return lines.join('')
}

function writeHistogram(parts: LineParts, { buckets, sum, count }: HistogramSample): string {
  const lines = buckets.map((bucket) => writeLine(parts, '_bucket', `le="${formatFloatGo(bucket.upperBound)}"`, bucket.count))
  if (!buckets.some(({ upperBound }) => upperBound === Infinity)) lines.push(writeLine(parts, '_bucket', 'le="+Inf"', count))
  lines.push(writeLine(parts, '_sum', '', sum), writeLine(parts, '_count', '', count))
  return lines.join('')
}

/** `extra` is a whole further label pair, or empty. */
function writeLine({ name, plain, labels, timestamp }: LineParts, suffix: string, extra: string, value: number): string {
  let inside = labels
  if (extra !== '') inside = inside === '' ? extra : `${inside},${extra}`
  let series = name + suffix
  if (!plain) series = `{"${escapeValue(series)}"${inside === '' ? '' : `,${inside}`}}`
  else if (inside !== '') series = `${series}{${inside}}`
  // Lines are kept: joined they are one text, where a sum of texts would keep all its parts.
  return [series, ' ', formatFloatGo(value), timestamp, '\n'].join('')
}

function writeLabel({ name, value }: LabelPair): string {
  return `${isLegacyLabelName(name) ? name : `"${escapeValue(name)}"`}="${escapeValue(value)}"`
}

function escapeHelp(text: string): string {
  return /[\\\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : text
}

function escapeValue(text: string): string {
  return /[\\\n"]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text
}

function invalid(message: string): ExpositionError {
  return new ExpositionError('invalid-family', message)
}
