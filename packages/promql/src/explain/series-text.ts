import { formatHistogram, formatValue, type Histogram, type Labels, METRIC_NAME, quote, quoteNameIfNeeded } from '@promlet/model'

/** A series as it stands in a query: `up{instance="a", job="node"}`; `{}` when it has no labels. */
export function seriesText(labels: Labels): string {
  const name = labels.metricName
  const rest = [...labels].filter(([own]) => own !== METRIC_NAME).map(([own, value]) => `${quoteNameIfNeeded(own)}=${quote(value)}`)
  if (name !== '' && quoteNameIfNeeded(name) !== name) return `{${[quote(name), ...rest].join(', ')}}`
  return rest.length === 0 && name !== '' ? name : `${name}{${rest.join(', ')}}`
}

/** A float or a histogram as Prometheus writes it. */
export function valueText(value: number | Histogram): string {
  return typeof value === 'number' ? formatValue(value) : formatHistogram(value)
}

/** `1 series`, `2 samples`. */
export function counted(number: number, noun: string): string {
  return noun === 'series' || number === 1 ? `${number} ${noun}` : `${number} ${noun}s`
}
