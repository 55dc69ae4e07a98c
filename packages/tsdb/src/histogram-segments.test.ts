import type { CounterResetHint, Histogram, Span } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { ByteReader, ByteWriter } from './bytes.ts'
import { readSegments, writeSegments } from './histogram-segments.ts'

function random(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x6d2b79f5) >>> 0
    return (state >>> 3) % below
  }
}

function encoded(histograms: readonly Histogram[]): Uint8Array {
  const writer = new ByteWriter()
  writeSegments(writer, histograms)
  return Uint8Array.from(writer.blob())
}

const decoded = (bytes: Uint8Array) => readSegments(new ByteReader(bytes, bytes.length - 4))

const bucketsOf = (spans: readonly Span[]) => spans.reduce((sum, { length }) => sum + length, 0)

interface Sort {
  readonly custom: boolean
  readonly float: boolean
}

const SORTS: readonly Sort[] = [
  { custom: false, float: false },
  { custom: false, float: true },
  { custom: true, float: false },
  { custom: true, float: true },
]

function histogram({ custom, float }: Sort, positiveSpans: Span[], count: (bucket: number) => number): Histogram {
  const negativeSpans = custom ? [] : [{ offset: 1, length: 2 }]
  return {
    schema: custom ? -53 : 3,
    zeroThreshold: custom ? 0 : 0.001,
    zeroCount: custom ? 0 : count(99),
    count: count(98),
    sum: count(97) / 7,
    positiveSpans,
    positiveBuckets: Float64Array.from({ length: bucketsOf(positiveSpans) }, (_, bucket) => count(bucket)),
    negativeSpans,
    negativeBuckets: Float64Array.from({ length: bucketsOf(negativeSpans) }, (_, bucket) => count(50 + bucket)),
    counterResetHint: 'unknown',
    float,
    ...(custom ? { customValues: Float64Array.of(0.1, 0.5, 1, 2.5, 5, 10) } : {}),
  }
}

describe('native histograms come back as they were', () => {
  for (const sort of SORTS) {
    const name = `${sort.custom ? 'custom buckets' : 'exponential buckets'}, ${sort.float ? 'floats' : 'integers'}`
    test(`${name}, in few bytes where they grow steadily`, () => {
      const share = sort.float ? 0.5 : 1
      const list = Array.from({ length: 480 }, (_, step) => {
        // From the 100th on one more bucket is used.
        const spans =
          step < 100
            ? [{ offset: 0, length: 3 }]
            : [
                { offset: 0, length: 3 },
                { offset: 1, length: 1 },
              ]
        return histogram(sort, spans, (bucket) => (step + 1) * (1 + (bucket % 5)) * share)
      })
      const bytes = encoded(list)
      expect(decoded(bytes)).toEqual(list)
      // All but the sum, which is no decimal fraction.
      expect(bytes.length / list.length).toBeLessThan(9)
    })
  }

  for (let seed = 1; seed <= 20; seed++) {
    test(`whatever is mixed (seed ${seed})`, () => {
      const below = random(seed)
      const hints: readonly CounterResetHint[] = ['unknown', 'reset', 'not-reset', 'gauge']
      const odd = [0, -0, Number.NaN, Infinity, 2 ** 53 + 2]
      let sort = SORTS[0] as Sort
      let spans: Span[] = []
      const list = Array.from({ length: 1 + below(300) }, (): Histogram => {
        if (below(20) === 0) sort = SORTS[below(4)] as Sort
        if (below(10) === 0)
          spans = Array.from({ length: below(4) }, (_, at) => ({ offset: at === 0 ? below(60) - 30 : below(9), length: below(6) }))
        const value = () => (below(30) === 0 ? (odd[below(odd.length)] as number) : below(1000) / (sort.float ? 3 : 1))
        const made = { ...histogram(sort, spans, value), counterResetHint: hints[below(10) === 0 ? below(4) : 0] as CounterResetHint }
        if (below(25) !== 0) return made
        return { ...histogram({ custom: false, float: sort.float }, [], () => 0), stale: true }
      })
      const back = decoded(encoded(list))
      expect(back).toHaveLength(list.length)
      for (const [index, one] of list.entries()) {
        if (one.stale) expect(back[index]).toMatchObject({ stale: true, float: one.float })
        else expect(back[index]).toEqual(one)
      }
    })
  }
})
