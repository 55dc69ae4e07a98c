import { formatGeneral } from '@promlet/model'

/** A float as OpenMetrics writes bounds and quantiles: always with a point or an exponent, so `1.0` instead of `1`. */
export function formatOpenMetricsFloat(value: number): string {
  const text = formatGeneral(value)
  return Number.isFinite(value) && !/[.e]/.test(text) ? `${text}.0` : text
}
