// What is looked up in the index, on the thread that asks or on another one: a lookup can be sent there, and its answer is
// written where it was found.

import type { Labels, MatcherSets, Queryable, SelectOptions, TimeRange } from '@promlet/model'
import { LabelsJson } from '@promlet/promql'
import { type Federation, federate } from './federate.ts'

/** The series, label names or label values of `/api/v1`, at most `limit` of them (0: all). */
export interface IndexLookup {
  readonly kind: 'series' | 'label-names' | 'label-values'
  readonly range: TimeRange
  readonly matcherSets: MatcherSets
  readonly limit: number
  /** Of label values. */
  readonly name?: string
}

export type Lookup = IndexLookup | Federation

/** JSON of a list, or the text of `/federate`. */
export interface Found {
  readonly text: string | Uint8Array
  readonly warnings: readonly string[]
}

/** Answers a lookup, here or elsewhere. @throws QueryError as the store does. */
export type Look = (lookup: Lookup, signal: AbortSignal) => Promise<Found>

/** Answers a lookup here. @throws QueryError as the store does. */
export async function look(
  lookup: Lookup,
  queryable: Queryable,
  options: Omit<SelectOptions, 'warn'>,
): Promise<Found & { readonly text: string }> {
  const warnings: string[] = []
  const own = { ...options, warn: (text: string) => void warnings.push(text) }
  if (lookup.kind === 'federate') return { text: await federate(lookup, queryable, own), warnings }
  const { text, isCut } = await listed(lookup, queryable, own)
  return { text, warnings: isCut ? [...warnings, 'results truncated due to limit'] : warnings }
}

async function listed(lookup: IndexLookup, queryable: Queryable, options: SelectOptions) {
  const { kind, range, matcherSets, name = '' } = lookup
  if (kind === 'series') return limited(await queryable.series(range, matcherSets, options), lookup, seriesJson)
  if (kind === 'label-names') return limited(await queryable.labelNames(range, matcherSets, options), lookup, JSON.stringify)
  return limited(await queryable.labelValues(name, range, matcherSets, options), lookup, JSON.stringify)
}

function seriesJson(series: readonly Labels[]): string {
  const json = new LabelsJson()
  return `[${series.map((one) => json.of(one)).join(',')}]`
}

function limited<T>(found: readonly T[], { limit }: IndexLookup, write: (items: readonly T[]) => string) {
  const isCut = limit > 0 && found.length > limit
  return { text: write(isCut ? found.slice(0, limit) : found), isCut }
}
