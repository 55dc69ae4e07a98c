// Lines and trends through the samples of a window: deriv, predict_linear, double_exponential_smoothing.

import { QueryError } from '@promlet/model'
import { compensate } from './compensated.ts'
import { eachWindow } from './over-time.ts'
import type { FloatFunction, FloatWindows, RangeCall } from './range-function.ts'

/** The slope of the line through the samples, per second. */
export const deriv: FloatFunction = (input, into) => {
  const line = new Line()
  eachWindow(input, 2, (from, to) => line.fit(input, from, to, input.times[from]!).slope, into)
}

/** Where the line through the samples stands a number of seconds after the evaluation. */
export function predictLinear(call: RangeCall): FloatFunction {
  const seconds = call.args[0] as Float64Array
  const line = new Line()
  return (input, into) => {
    eachWindow(
      input,
      2,
      (from, to, step) => {
        line.fit(input, from, to, call.stepTimes[step]!)
        return line.slope * seconds[step]! + line.intercept
      },
      into,
    )
  }
}

/** Least squares. Prometheus: promql/functions.go linearRegression. */
class Line {
  slope = 0
  intercept = 0

  /** Fits the samples from `from` to `to`; the intercept is taken at `origin`, near which the sums are most precise. */
  fit({ times, values }: FloatWindows, from: number, to: number, origin: number): this {
    const first = values[from]!
    let isFlat = true
    let sumX = 0
    let restX = 0
    let sumY = 0
    let restY = 0
    let sumXY = 0
    let restXY = 0
    let sumXX = 0
    let restXX = 0
    for (let index = from; index < to; index++) {
      const x = (times[index]! - origin) / 1000
      const y = values[index]!
      if (isFlat && index > from && y !== first) isFlat = false
      let total = sumX + x
      restX = compensate(total, sumX, x, restX)
      sumX = total
      total = sumY + y
      restY = compensate(total, sumY, y, restY)
      sumY = total
      total = sumXY + x * y
      restXY = compensate(total, sumXY, x * y, restXY)
      sumXY = total
      total = sumXX + x * x
      restXX = compensate(total, sumXX, x * x, restXX)
      sumXX = total
    }
    if (isFlat) return this.#set(Number.isFinite(first) || Number.isNaN(first) ? 0 : Number.NaN, first)
    const count = to - from
    const x = sumX + restX
    const y = sumY + restY
    const covariance = sumXY + restXY - (x * y) / count
    const slope = covariance / (sumXX + restXX - (x * x) / count)
    return this.#set(slope, y / count - (slope * x) / count)
  }

  #set(slope: number, intercept: number): this {
    this.slope = slope
    this.intercept = Number.isNaN(slope) ? Number.NaN : intercept
    return this
  }
}

/** Holt's double exponential smoothing. @throws QueryError for factors outside of 0 to 1, exclusive. */
export function doubleExponentialSmoothing(call: RangeCall): FloatFunction {
  const [smoothing, trend] = call.args as [Float64Array, Float64Array]
  return (input, into) => {
    const { low, high } = input.windows
    for (let step = 0; step < low.length; step++) {
      if (low[step] !== high[step]) checkFactors(smoothing[step]!, trend[step]!)
    }
    eachWindow(input, 2, (from, to, step) => smooth(input.values, from, to, smoothing[step]!, trend[step]!), into)
  }
}

export function checkFactors(smoothing: number, trend: number): void {
  if (smoothing <= 0 || smoothing >= 1) {
    throw new QueryError('execution', `invalid smoothing factor. Expected: 0 < sf < 1, got: ${smoothing.toFixed(6)}`)
  }
  if (trend <= 0 || trend >= 1) {
    throw new QueryError('execution', `invalid trend factor. Expected: 0 < tf < 1, got: ${trend.toFixed(6)}`)
  }
}

function smooth(values: Float64Array, from: number, to: number, smoothing: number, trend: number): number {
  let before = 0
  let level = values[from]!
  let slope = values[from + 1]! - level
  for (let index = from + 1; index < to; index++) {
    if (index > from + 1) slope = trend * (level - before) + (1 - trend) * slope
    const next = smoothing * values[index]! + (1 - smoothing) * (level + slope)
    before = level
    level = next
  }
  return level
}
