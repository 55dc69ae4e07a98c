import type { Family, FamilyType, LabelPair, Metric, Sample } from './family.ts'

/** What a line adds to a summary or a histogram, told by the suffix of its name. */
type Role = 'count' | 'sum' | 'member'

/** A metric while its lines come in. */
export interface MetricBuilder {
  readonly labels: readonly LabelPair[]
  timestampMs: number | undefined
  value: number
  count: number
  sum: number
  /** Buckets or quantiles: bound, then value. */
  readonly members: (readonly [bound: number, value: number])[]
}

/** A family while its lines come in. */
export class FamilyBuilder {
  readonly name: string
  help: string | undefined
  type: FamilyType | undefined
  /** Of the line that is being read. */
  role: Role
  readonly metrics: MetricBuilder[]
  readonly #bySignature: Map<string, MetricBuilder>

  constructor(name: string) {
    this.name = name
    this.help = undefined
    this.type = undefined
    this.role = 'member'
    this.metrics = []
    this.#bySignature = new Map()
  }

  get isHistogram(): boolean {
    return this.type === 'histogram' || this.type === 'gauge_histogram'
  }

  /** The label that is no part of the label sets of this family; undefined when there is none. */
  get specialLabel(): 'le' | 'quantile' | undefined {
    if (this.isHistogram) return 'le'
    return this.type === 'summary' ? 'quantile' : undefined
  }

  /** The metric that a line with these labels belongs to; a new one unless it is a summary or a histogram. */
  metric(labels: readonly LabelPair[]): MetricBuilder {
    if (this.specialLabel === undefined) return this.#newMetric(labels)
    const signature = signatureOf(labels)
    let metric = this.#bySignature.get(signature)
    if (metric === undefined) {
      metric = this.#newMetric(labels)
      this.#bySignature.set(signature, metric)
    }
    return metric
  }

  #newMetric(labels: readonly LabelPair[]): MetricBuilder {
    const metric: MetricBuilder = { labels, timestampMs: undefined, value: 0, count: 0, sum: 0, members: [] }
    this.metrics.push(metric)
    return metric
  }

  /** Takes the value of a line; `special` is its bound or quantile, or NaN. Gives what is wrong with it, if anything. */
  add(metric: MetricBuilder, special: number, value: number): string | undefined {
    if (this.specialLabel === undefined) metric.value = value
    else if (this.role === 'sum') metric.sum = value
    else if (this.role === 'count') {
      if (this.isHistogram && value < 0) return 'negative count'
      metric.count = this.isHistogram ? value : Math.trunc(value)
    } else if (!Number.isNaN(special)) {
      if (this.isHistogram && value < 0) return 'negative bucket population'
      metric.members.push([special, value])
    }
    return undefined
  }

  build(): Family {
    return {
      name: this.name,
      help: this.help,
      type: this.type ?? 'untyped',
      metrics: this.metrics.map((metric) => this.#buildMetric(metric)),
    }
  }

  #buildMetric(metric: MetricBuilder): Metric {
    const { labels, timestampMs } = metric
    const sample = this.#buildSample(metric)
    return timestampMs === undefined ? { labels, sample } : { labels, timestampMs, sample }
  }

  #buildSample({ value, count, sum, members }: MetricBuilder): Sample {
    if (this.isHistogram) {
      return { kind: 'histogram', count, sum, buckets: members.map(([upperBound, bucketCount]) => ({ upperBound, count: bucketCount })) }
    }
    if (this.type !== 'summary') return { kind: 'value', value }
    return { kind: 'summary', count, sum, quantiles: members.map(([quantile, of]) => ({ quantile, value: of })) }
  }
}

/** Families by name, in order of their first line. */
export class FamilyTable {
  readonly #families = new Map<string, FamilyBuilder>()

  /** The family that a name belongs to, with the role of the line in it. A new name makes a new family. */
  resolve(name: string): FamilyBuilder {
    const known = this.#families.get(name)
    if (known !== undefined) {
      known.role = 'member'
      return known
    }
    const family = this.#composite(name)
    if (family !== undefined) return family
    const fresh = new FamilyBuilder(name)
    this.#families.set(name, fresh)
    return fresh
  }

  /** The summary or histogram that a name with a suffix belongs to. */
  #composite(name: string): FamilyBuilder | undefined {
    const suffix = /._(count|sum|bucket)$/.exec(name)?.[1]
    if (suffix === undefined) return undefined
    const family = this.#families.get(name.slice(0, -suffix.length - 1))
    if (family === undefined) return undefined
    if (!family.isHistogram && (family.type !== 'summary' || suffix === 'bucket')) return undefined
    family.role = suffix === 'bucket' ? 'member' : (suffix as Role)
    return family
  }

  /** Those that have samples. */
  families(): Family[] {
    const families: Family[] = []
    for (const family of this.#families.values()) if (family.metrics.length > 0) families.push(family.build())
    return families
  }
}

/** A key that is the same for the same labels in any order. */
function signatureOf(labels: readonly LabelPair[]): string {
  const parts = labels.map(({ name, value }) => `${name.length}:${name}${value.length}:${value}`)
  return (parts.length > 1 ? parts.sort() : parts).join('')
}
