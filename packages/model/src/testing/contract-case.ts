// What the contracts of the ports are made of: cases over an empty store, and what most of them write and read.

import { Labels } from '../labels.ts'
import { Matcher } from '../matcher.ts'
import type { Appendable, Queryable, SeriesColumns } from '../ports.ts'
import type { Millis } from '../units.ts'

/** An empty store: what `appendable` acknowledges, `queryable` finds. */
export interface ContractStore extends AsyncDisposable {
  readonly appendable: Appendable
  readonly queryable: Queryable
  /** Samples of the cases lie in the two hours before it; a whole number of milliseconds. */
  readonly now: Millis
}

export interface ContractCase {
  readonly title: string
  /** Uses up the store and disposes of it. @throws AssertionError */
  run(store: ContractStore): Promise<void>
}

type Body = (store: ContractStore) => Promise<void>

export const contractCase = (title: string, body: Body): ContractCase => ({
  title,
  async run(store) {
    await using open = store
    await body(open)
  },
})

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

export const up = (instance: string) => Labels.of({ __name__: 'up', job: 'node', instance })
export const everything = [new Matcher('__name__', '!=', '')]

export async function readAll({ queryable, now }: ContractStore, matchers = everything): Promise<readonly SeriesColumns[]> {
  const [found = []] = await queryable.select([{ matchers, from: now - 2 * HOUR, to: now }])
  return found
}

/** Series as `{labels: [[seconds after `start`, value], …]}`. */
export function simple(found: readonly SeriesColumns[], start: Millis): Record<string, [number, number][]> {
  const pairs = found.map(({ labels, times, values }): [string, [number, number][]] => [
    labels.toString(),
    Array.from(times, (at, index) => [(at - start) / SECOND, values[index] as number]),
  ])
  return Object.fromEntries(pairs)
}

/** One batch of single samples. */
export async function write({ appendable }: ContractStore, samples: readonly (readonly [labels: Labels, at: Millis, value: number])[]) {
  await using appender = appendable.appender()
  for (const [labels, at, value] of samples) appender.append(appender.series(labels), at, value)
  return appender.commit()
}

export function row(values: readonly (number | undefined)[]): [Float64Array, Uint8Array] {
  return [Float64Array.from(values, (value) => value ?? 0), Uint8Array.from(values, (value) => (value === undefined ? 0 : 1))]
}
