// Native histograms of requests with latencies of a log-normal kind.

import type { Histogram } from '@promlet/model'
import { random } from './data.ts'

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const SCHEMA = 3

/** Counts of requests so far, by bucket. */
export class Requests {
  readonly #rng: () => number
  readonly #isCustom: boolean
  readonly #share: number
  readonly #buckets = new Map<number, number>()
  #count = 0
  #sum = 0

  constructor(seed: number, isCustom: boolean, isFloat: boolean) {
    this.#rng = random(seed)
    this.#isCustom = isCustom
    // Floats come of rates and recording rules.
    this.#share = isFloat ? 1 / 3 : 1
  }

  next(): Histogram {
    const requests = Math.floor(20 + this.#rng() * 40)
    for (let index = 0; index < requests; index++) {
      const normal = Math.sqrt(-2 * Math.log(this.#rng() || 1e-9)) * Math.cos(2 * Math.PI * this.#rng())
      const seconds = 0.08 * Math.exp(0.6 * normal)
      this.#sum += seconds * this.#share
      this.#count += this.#share
      const bucket = this.#isCustom ? BOUNDS.filter((bound) => bound < seconds).length : Math.ceil(Math.log2(seconds) * 2 ** SCHEMA)
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + this.#share)
    }
    const used = [...this.#buckets.keys()].sort((left, right) => left - right)
    const spans: { offset: number; length: number }[] = []
    for (const [index, bucket] of used.entries()) {
      const before = index === 0 ? undefined : (used[index - 1] as number)
      const last = spans.at(-1)
      if (before === bucket - 1 && last !== undefined) last.length++
      else spans.push({ offset: bucket - (before === undefined ? 0 : before + 1), length: 1 })
    }
    return {
      schema: this.#isCustom ? -53 : SCHEMA,
      zeroThreshold: this.#isCustom ? 0 : 2 ** -128,
      zeroCount: 0,
      count: this.#count,
      sum: this.#sum,
      positiveSpans: spans,
      positiveBuckets: Float64Array.from(used, (bucket) => this.#buckets.get(bucket) as number),
      negativeSpans: [],
      negativeBuckets: new Float64Array(0),
      counterResetHint: 'unknown',
      float: this.#share !== 1,
      ...(this.#isCustom ? { customValues: Float64Array.from(BOUNDS) } : {}),
    }
  }
}
