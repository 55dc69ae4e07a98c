// What a query came to, here and there, in one form; and whether two of them are the same.

import { Labels, QueryError } from '@promlet/model'
import { writeAnswerJson } from '@promlet/promql'
import { expect } from 'vitest'

type Sample = readonly [at: number, value: string]
type HistogramSample = readonly [at: number, histogram: JsonHistogram]

/** As the API writes it; a bucket is how its ends belong to it (3: both), lower end, upper end, count. */
export interface JsonHistogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [ends: number, lower: string, upper: string, count: string])[]
}
/** The values as the API writes them, histograms as JSON, by labels and time. */
export type Outcome = { readonly error: string } | { readonly samples: ReadonlyMap<string, string> }

interface Answered {
  readonly status: string
  readonly error?: string
  readonly data?: Data
}

interface Data {
  readonly resultType: string
  readonly result: Sample | readonly JsonSeries[]
}

interface JsonSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Sample
  readonly values?: readonly Sample[]
  readonly histogram?: HistogramSample
  readonly histograms?: readonly HistogramSample[]
}

export async function ask(endpoint: string, params: Readonly<Record<string, string>>): Promise<Outcome> {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(params) })
  const answer = (await response.json()) as Answered
  return answer.data === undefined ? { error: answer.error ?? '' } : { samples: samplesOf(answer.data) }
}

/** Undefined for a query that fails. */
export async function samplesLookedAt(endpoint: string, params: Readonly<Record<string, string>>) {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(params) })
  const { data } = (await response.json()) as {
    data?: { stats: { samples: { totalQueryableSamples: number; totalQueryableSamplesPerStep: [number, number][] } } }
  }
  if (data === undefined) return undefined
  const { totalQueryableSamples, totalQueryableSamplesPerStep } = data.stats.samples
  return { total: totalQueryableSamples, perStep: totalQueryableSamplesPerStep.map(([, count]) => count) }
}

export async function answerOf(answer: () => Promise<Parameters<typeof writeAnswerJson>[0]>): Promise<Outcome> {
  try {
    return { samples: samplesOf(JSON.parse(writeAnswerJson(await answer()))) }
  } catch (error) {
    if (error instanceof QueryError) return { error: error.message }
    throw error
  }
}

function samplesOf({ resultType, result }: Data): ReadonlyMap<string, string> {
  if (resultType === 'scalar') return new Map([[`scalar ${(result as Sample)[0]}`, (result as Sample)[1]]])
  const found = new Map<string, string>()
  for (const { metric, value, values = [], histogram, histograms = [] } of result as readonly JsonSeries[]) {
    const labels = Labels.of(metric)
    for (const [at, own] of value === undefined ? values : [value]) found.set(`${labels} ${at}`, own)
    for (const [at, own] of histogram === undefined ? histograms : [histogram]) found.set(`${labels} ${at}`, JSON.stringify(own))
  }
  return found
}

export function compare(ours: Outcome, theirs: Outcome): void {
  if ('error' in ours || 'error' in theirs) {
    expect('error' in ours ? kindOf(ours.error) : 'no error').toBe('error' in theirs ? kindOf(theirs.error) : 'no error')
    return
  }
  expect([...ours.samples.keys()].sort()).toEqual([...theirs.samples.keys()].sort())
  for (const [key, text] of theirs.samples) {
    const [got, wanted] = [numbersOf(ours.samples.get(key) as string), numbersOf(text)]
    const isSame = got.length === wanted.length && got.every((value, index) => isNear(value, wanted[index] as number))
    expect(isSame, `${key}: ${ours.samples.get(key)} instead of ${text}`).toBe(true)
  }
}

function isNear(got: number, wanted: number): boolean {
  return Object.is(got, wanted) || got === wanted || Math.abs(got - wanted) <= 1e-6 * Math.max(Math.abs(wanted), 1e-6)
}

/** Of a float one; of a histogram its count, its sum and all of its buckets. */
function numbersOf(text: string): readonly number[] {
  if (!text.startsWith('{')) return [toNumber(text)]
  const { count, sum, buckets = [] } = JSON.parse(text) as JsonHistogram
  return [count, sum, ...buckets.flat()].map((number) => toNumber(String(number)))
}

/** Which series of several it names is a matter of chance in Prometheus. */
function kindOf(error: string): string {
  return error
    .replace('invalid parameter "query": ', '')
    .replace(/match group \{.*?\}/, 'match group {…}')
    .replace(/\[\{.*\}\]/, '[…]')
}

function toNumber(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}
