// Which format a `/metrics` page answers in, as Go's client library chooses it (prometheus/common expfmt Negotiate).

import { parseMediaType } from './media-type.ts'

/** How names that need quotes are written for readers that know no quotes. */
export type Escaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values'

/** The formats a page can write, besides text 0.0.4, which it always can. */
export type Offer = 'openmetrics' | 'protobuf'

export interface NegotiateOptions {
  readonly offers?: readonly Offer[]
  /** When the reader names no escaping. Default: `allow-utf-8`. */
  readonly defaultEscaping?: Escaping
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const PROTOBUF = 'application/vnd.google.protobuf'
const MESSAGE = 'io.prometheus.client.MetricFamily'
const OPENMETRICS = 'application/openmetrics-text'
const ENCODINGS: readonly string[] = ['delimited', 'text', 'compact-text']
const ESCAPINGS: readonly string[] = ['allow-utf-8', 'underscores', 'dots', 'values'] satisfies Escaping[]

interface Clause {
  readonly type: string
  readonly params: ReadonlyMap<string, string>
  readonly weight: number
}

/** The Content-Type to answer an Accept header with, escaping included. */
export function negotiate(accept: string | undefined, options: NegotiateOptions = {}): string {
  let escaping: string = options.defaultEscaping ?? 'allow-utf-8'
  for (const clause of clausesOf(accept ?? '')) {
    const wanted = clause.params.get('escaping') ?? ''
    if (ESCAPINGS.includes(wanted)) escaping = wanted
    const format = formatOf(clause, options.offers ?? [])
    if (format !== undefined) return `${format}; escaping=${escaping}`
  }
  return `${TEXT}; escaping=${escaping}`
}

function formatOf({ type, params }: Clause, offers: readonly Offer[]): string | undefined {
  const version = params.get('version') ?? ''
  if (type === 'text/plain') return version === '' || version === '0.0.4' ? TEXT : undefined
  if (type === PROTOBUF && offers.includes('protobuf')) {
    const encoding = params.get('encoding') ?? ''
    const isOurs = params.get('proto') === MESSAGE && ENCODINGS.includes(encoding)
    return isOurs ? `${PROTOBUF}; proto=${MESSAGE}; encoding=${encoding}` : undefined
  }
  if (type !== OPENMETRICS || !offers.includes('openmetrics')) return undefined
  if (version === '1.0.0') return `${OPENMETRICS}; version=1.0.0; charset=utf-8`
  return version === '' || version === '0.0.1' ? `${OPENMETRICS}; version=0.0.1; charset=utf-8` : undefined
}

/** The clauses of an Accept header, the most wanted first; what cannot be read is left out. */
function clausesOf(accept: string): readonly Clause[] {
  const clauses: Clause[] = []
  for (const text of accept.split(',')) {
    try {
      const { type, params } = parseMediaType(text)
      const weight = Number(params.get('q') ?? 1)
      clauses.push({ type, params, weight: Number.isNaN(weight) ? 1 : weight })
    } catch {}
  }
  return clauses.sort((left, right) => right.weight - left.weight || wildcards(left.type) - wildcards(right.type))
}

function wildcards(type: string): number {
  return type.split('*').length
}
