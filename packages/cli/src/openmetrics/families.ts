// Which metric family of OpenMetrics a series belongs to, and what is said of it. A store knows metadata by the name that an
// exposition gave, which for counters of the older format ends with _total and in OpenMetrics does not.

import { formatFloatGo } from '@promlet/exposition'
import { type Labels, type Metadata, type MetricType, parseFloatGo } from '@promlet/model'
import type { Loss } from './loss.ts'

const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [],
  unknown: [],
}
const TOTAL = '_total'
const NOTHING: Metadata = { type: 'unknown', help: '', unit: '' }

export interface Families {
  /** The family of a metric's name. */
  of(name: string): string
  metadata(family: string): Metadata
  /** Its metrics are families of their own from now on, of which nothing is said. */
  forget(family: string): void
  /** Families that something is said of. */
  readonly names: Iterable<string>
}

/** Counts what cannot be said in `loss`. */
export function createFamilies(metadata: ReadonlyMap<string, Metadata>, loss: Loss): Families {
  const families = new Map<string, Metadata>()
  for (const [metric, entry] of metadata) if (!isRenamed(metric, entry)) families.set(metric, entry)
  for (const [metric, entry] of metadata) {
    if (!isRenamed(metric, entry)) continue
    const name = metric.slice(0, -TOTAL.length)
    if (families.has(name)) loss.add('conflictingFamilies', metric)
    else {
      families.set(name, entry)
      loss.add('renamedFamilies', metric)
    }
  }
  const known = new Map<string, string>()
  return {
    of(name) {
      const family = known.get(name) ?? find(name, families)
      known.set(name, family)
      return family
    },
    metadata: (family) => families.get(family) ?? NOTHING,
    forget(family) {
      families.delete(family)
      known.clear()
    },
    get names() {
      return families.keys()
    },
  }
}

function isRenamed(metric: string, { type }: Metadata): boolean {
  return type === 'counter' && metric.endsWith(TOTAL) && metric !== TOTAL
}

function find(name: string, families: ReadonlyMap<string, Metadata>): string {
  if (families.has(name)) return name
  for (let at = name.lastIndexOf('_'); at > 0; at = name.lastIndexOf('_', at - 1)) {
    const entry = families.get(name.slice(0, at))
    if (entry !== undefined && SUFFIXES[entry.type].includes(name.slice(at))) return name.slice(0, at)
  }
  return name
}

/** True when readers would write a label of the series in another form, because of the type of its family. */
export function wouldChange(labels: Labels, type: MetricType): boolean {
  const name = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined
  const text = name === undefined ? '' : labels.get(name)
  const value = text === '' ? undefined : parseFloatGo(text)
  if (value === undefined) return false
  const plain = formatFloatGo(value)
  return text !== (/[e.nN]/.test(plain) ? plain : `${plain}.0`)
}
