// The queries of the PromQL compliance suite over one hour of demo data, with the answers that Prometheus 2.42 gave;
// where 3.x differs, with those of 3.x. Answers are compared in the form in which the API writes them.

import { Labels, systemClock } from '@promlet/model'
import { MemoryStore } from '@promlet/model/testing'
import { createEngine, type PromqlEngine, writeAnswerJson } from '@promlet/promql'
import { beforeAll, describe, expect, test } from 'vitest'
import { conformanceJson, hasConformance } from './data.ts'

interface DemoSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly timestamps_ms: readonly number[]
  readonly values: readonly (number | 'NaN' | '+Inf' | '-Inf')[]
}

interface Recorded {
  readonly id: string
  readonly query: string
  readonly should_fail: boolean
  readonly range: Exchange
  readonly instant: Exchange
}

interface Exchange {
  readonly params: Readonly<Record<string, string>>
  readonly response: { readonly status: 'success' | 'error'; readonly data: unknown }
}

type Sample = readonly [at: number, value: string]

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Sample
  readonly values?: readonly Sample[]
}

const TOLERANCE = 1e-6

describe.skipIf(!hasConformance)('PromQL compliance', () => {
  let engine: PromqlEngine

  beforeAll(async () => {
    engine = createEngine({ queryable: await demoStore(), clock: systemClock })
  })

  for (const recorded of hasConformance ? expectedAnswers() : []) {
    const { id, query, range, instant } = recorded
    test(`${id} over a range: ${query}`, () =>
      check(range, false, () => engine.range(query, ms(range.params['start']), ms(range.params['end']), ms(range.params['step']))))
    test(`${id} at an instant: ${query}`, () => check(instant, isSorted(query), () => engine.instant(query, ms(instant.params['time']))))
  }
})

/** The recorded answers, those of 3.x in place of those that changed. */
function expectedAnswers(): readonly Recorded[] {
  const changed = new Map(conformanceJson<readonly Recorded[]>('compliance/differences_3x.json').map((recorded) => [recorded.id, recorded]))
  return conformanceJson<readonly Recorded[]>('compliance/results.jsonl.gz').map((recorded) => changed.get(recorded.id) ?? recorded)
}

async function demoStore(): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using appender = store.appender()
  for (const { labels, timestamps_ms, values } of conformanceJson<readonly DemoSeries[]>('compliance/dataset/demo.jsonl.gz')) {
    const ref = appender.series(Labels.of(labels))
    for (const [index, at] of timestamps_ms.entries()) appender.append(ref, at, toNumber(values[index] as number))
  }
  await appender.commit()
  return store
}

async function check({ response }: Exchange, isOrdered: boolean, run: () => Promise<Parameters<typeof writeAnswerJson>[0]>): Promise<void> {
  if (response.status === 'error') {
    await expect(run()).rejects.toThrow()
    return
  }
  const got = JSON.parse(writeAnswerJson(await run()))
  const expected = response.data as { readonly resultType: string; readonly result: unknown }
  expect(got.resultType).toBe(expected.resultType)
  if (expected.resultType === 'scalar' || expected.resultType === 'string') checkSample(got.result, expected.result as Sample)
  else checkSeries(got.result, expected.result as readonly Series[], isOrdered)
}

function checkSeries(got: readonly Series[], expected: readonly Series[], isOrdered: boolean): void {
  const names = (series: readonly Series[]) => series.map(({ metric }) => Labels.of(metric).toString())
  if (isOrdered) expect(names(got)).toEqual(names(expected))
  else expect(names(got).sort()).toEqual(names(expected).sort())
  const byName = new Map(got.map((series) => [Labels.of(series.metric).toString(), series]))
  for (const series of expected) {
    const found = byName.get(Labels.of(series.metric).toString()) as Series
    const samples = series.values ?? [series.value as Sample]
    const foundSamples = found.values ?? [found.value as Sample]
    expect(foundSamples.map(([at]) => at)).toEqual(samples.map(([at]) => at))
    for (const [index, sample] of samples.entries()) checkSample(foundSamples[index] as Sample, sample)
  }
}

function checkSample([at, value]: Sample, [expectedAt, expected]: Sample): void {
  expect(at).toBe(expectedAt)
  const [got, wanted] = [toNumber(value), toNumber(expected)]
  if (Object.is(got, wanted) || got === wanted) return
  expect(Math.abs(got - wanted), `${value} instead of ${expected}`).toBeLessThanOrEqual(TOLERANCE * Math.abs(wanted))
}

function isSorted(query: string): boolean {
  return /^(?:sort|sort_desc|topk|bottomk)\b/.test(query)
}

function toNumber(text: number | string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text)
}

function ms(seconds: string | undefined): number {
  return Math.round(Number(seconds) * 1000)
}
