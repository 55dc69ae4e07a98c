// What the stack and a query thread tell each other. Columns and bytes change threads as they are; label sets are objects
// of a class, which does not survive, and are made again.

import { Labels, Matcher, QueryError, type Value } from '@promlet/model'
import type { Explanation, LongQuery, MeasuredAnswer, WrittenAnswer } from '@promlet/promql'
import type { Lookup } from '../api/lookups.ts'
import type { QuerySettings } from '../settings.ts'

/** What a thread is started with. */
export interface ThreadSettings {
  /** The folder of the store. */
  readonly path: string
  readonly query: QuerySettings
  /** One slot of shared memory: not 0 while the query that runs is to end. */
  readonly stop: Int32Array
}

/** As values, written with at most so many series (0: all), or explained. */
export type Form = 'values' | 'explained' | { readonly limit: number }

/** One query; a thread is given the next one, or a lookup, when it has answered. */
export interface Ask extends Omit<LongQuery, 'options'> {
  readonly options: Omit<LongQuery['options'], 'signal'>
  readonly form: Form
  readonly subqueryStepMs: number
}

/** A lookup whose matchers are told by what they say. */
export interface AskLookup {
  readonly lookup: Lookup
  readonly matcherSets: readonly (readonly Pick<Matcher, 'name' | 'operator' | 'value'>[])[]
}

export function askLookup(lookup: Lookup): AskLookup {
  const matcherSets = lookup.matcherSets.map((matchers) => matchers.map(({ name, operator, value }) => ({ name, operator, value })))
  return { lookup: { ...lookup, matcherSets: [] }, matcherSets }
}

export function askedLookup({ lookup, matcherSets }: AskLookup): Lookup {
  return {
    ...lookup,
    matcherSets: matcherSets.map((matchers) => matchers.map(({ name, operator, value }) => new Matcher(name, operator, value))),
  }
}

export type Reply =
  | { readonly kind: 'answer'; readonly answer: MeasuredAnswer }
  | { readonly kind: 'written'; readonly answer: WrittenAnswer & { readonly json: string | readonly Uint8Array[] } }
  | { readonly kind: 'explained'; readonly answer: Explanation }
  | { readonly kind: 'found'; readonly text: Uint8Array<ArrayBuffer>; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly error: Pick<QueryError, 'code' | 'message' | 'position' | 'hint'> }

export function failure(error: unknown): Reply {
  if (!(error instanceof QueryError)) {
    return { kind: 'failed', error: { code: 'internal', message: String(error), position: undefined, hint: undefined } }
  }
  const { code, message, position, hint } = error
  return { kind: 'failed', error: { code, message, position, hint } }
}

export function toError({ code, message, position, hint }: Extract<Reply, { kind: 'failed' }>['error']): QueryError {
  return new QueryError(code, message, { ...(position === undefined ? {} : { position }), ...(hint === undefined ? {} : { hint }) })
}

/** Makes the label sets of an answer from another thread again. */
export function withLabels<T extends { readonly value: Value }>(answer: T): T {
  const { value } = answer
  if (value.kind === 'vector') return { ...answer, value: { ...value, samples: value.samples.map(labelled) } }
  return value.kind === 'matrix' ? { ...answer, value: { ...value, series: value.series.map(labelled) } } : answer
}

function labelled<T extends { readonly labels: Labels }>(series: T): T {
  return { ...series, labels: Labels.fromSorted(series.labels.names, series.labels.values) }
}
