import type { Clock } from '@promlet/model'
import { type Registry, Summary } from 'prom-client'
import { RecentQuantiles } from './recent-quantiles.ts'

export interface RecentSummaryOptions {
  readonly name: string
  readonly help: string
  /** The one label that tells its series apart. */
  readonly labelName: string
  /** Between 0 and 1. */
  readonly quantiles: readonly number[]
  readonly clock: Pick<Clock, 'monotonic'>
  readonly registry: Registry
}

/** A summary with one label, cheap to observe: its values are put together when `/metrics` is read. */
export class RecentSummary {
  readonly #options: RecentSummaryOptions
  readonly #series = new Map<string, RecentQuantiles>()

  constructor(options: RecentSummaryOptions) {
    const { name, help, labelName, registry } = options
    this.#options = options
    const summary = new Summary({ name, help, labelNames: [labelName], registers: [registry] })
    const told = summary.get.bind(summary)
    summary.get = async () => ({ ...(await told()), values: [...this.#series].flatMap(([value, series]) => this.#valuesOf(value, series)) })
  }

  /** The series with this value of the label; to be kept by who observes often. */
  labels(value: string): RecentQuantiles {
    let series = this.#series.get(value)
    if (series === undefined) {
      series = new RecentQuantiles(this.#options.clock)
      this.#series.set(value, series)
    }
    return series
  }

  #valuesOf(value: string, series: RecentQuantiles) {
    const { name, labelName, quantiles } = this.#options
    const labels = { [labelName]: value }
    const values = series.quantiles(quantiles)
    return [
      ...quantiles.map((quantile, index) => ({ labels: { ...labels, quantile }, value: values[index] as number })),
      { metricName: `${name}_sum`, labels, value: series.sum },
      { metricName: `${name}_count`, labels, value: series.count },
    ]
  }
}
