// Summation that does not lose what is small beside what is large (Kahan's, with Neumaier's improvement), as
// Prometheus sums. A sum is kept as a pair: the sum and what rounding took from it.

/**
 * The compensation after `addend` was added to `sum` giving `total`: what to add to `total` in the end.
 * Prometheus: util/kahansum Inc.
 */
export function compensate(total: number, sum: number, addend: number, compensation: number): number {
  if (total === Infinity || total === -Infinity) return 0
  return Math.abs(sum) >= Math.abs(addend) ? compensation + (sum - total + addend) : compensation + (addend - total + sum)
}

/** The sum of `values[from]` to `values[to - 1]`, in their order. */
export function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  let compensation = 0
  for (let index = from; index < to; index++) {
    const value = values[index]!
    const total = sum + value
    compensation = compensate(total, sum, value, compensation)
    sum = total
  }
  return sum === Infinity || sum === -Infinity ? sum : sum + compensation
}

/** The mean of the same; it stays finite where the sum overflows. */
export function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = values[from]!
  let compensation = 0
  for (let index = from + 1; index < to; index++) {
    const value = values[index]!
    const total = sum + value
    if (total === Infinity || total === -Infinity) return incrementalMean(values, from, index, to, sum, compensation)
    compensation = compensate(total, sum, value, compensation)
    sum = total
  }
  const count = to - from
  return sum / count + compensation / count
}

/** Goes on from the sum of the values before `next`, which would overflow, with a mean that is updated value by value. */
function incrementalMean(values: Float64Array, from: number, next: number, to: number, sum: number, rest: number): number {
  let count = next - from
  let mean = sum / count
  let compensation = rest / count
  for (let index = next; index < to; index++) {
    count++
    const weight = (count - 1) / count
    const base = weight * mean
    const addend = values[index]! / count
    const total = base + addend
    compensation = compensate(total, base, addend, weight * compensation)
    mean = total
  }
  return mean + compensation
}
