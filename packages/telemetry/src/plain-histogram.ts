import { Histogram, type Registry } from 'prom-client'

/** Prometheus's client libraries have these. */
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface PlainHistogramOptions {
  readonly name: string
  readonly help: string
  /** Upper bounds, inclusive and increasing, without infinity; those of Prometheus's client libraries when absent. */
  readonly buckets?: readonly number[]
  readonly registry: Registry
}

/** A histogram without labels, cheap to observe: its series are put together when `/metrics` is read. */
export class PlainHistogram {
  readonly #name: string
  readonly #buckets: readonly number[]
  /** Not cumulative; the last one is of what is above all bounds. */
  readonly #counts: Float64Array
  #sum: number

  constructor({ name, help, buckets = DEFAULT_BUCKETS, registry }: PlainHistogramOptions) {
    this.#name = name
    this.#buckets = buckets
    this.#counts = new Float64Array(buckets.length + 1)
    this.#sum = 0
    const histogram = new Histogram({ name, help, buckets: [...buckets], registers: [registry] })
    // By this name, which is not in the types, the registry asks histograms, and `get` asks itself.
    Object.assign(histogram, { getForPromString: async () => ({ name, help, type: 'histogram', values: this.#values() }) })
  }

  observe(value: number): void {
    const buckets = this.#buckets
    let bucket = 0
    while (bucket < buckets.length && value > (buckets[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#sum += value
  }

  #values() {
    const name = this.#name
    let count = 0
    const buckets = [...this.#buckets, '+Inf'].map((le, index) => {
      count += this.#counts[index] as number
      return { metricName: `${name}_bucket`, labels: { le }, value: count }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, value: count },
    ]
  }
}
