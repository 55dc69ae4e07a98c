/**
 * The q-quantile of sorted numbers, interpolated between neighbours; `nans` further values, NaN, count as smallest.
 * Prometheus: promql/quantile.go quantile.
 */
export function quantileOfSorted(q: number, sorted: Float64Array, size: number, nans: number): number {
  const count = size + nans
  if (count === 0 || Number.isNaN(q)) return Number.NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const rank = q * (count - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(count - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  const at = (index: number) => (index < nans ? Number.NaN : sorted[index - nans]!)
  return at(lower) * (1 - weight) + at(upper) * weight
}

/** The sorted numbers of a sliding window, NaN apart. */
export class SortedWindow {
  /** The first `size` slots are in order. */
  readonly sorted: Float64Array
  size = 0
  nans = 0

  constructor(capacity: number) {
    this.sorted = new Float64Array(capacity)
  }

  /** Begins anew with `values[from]` to `values[to - 1]`: sorting them once costs less than adding each. */
  fill(values: Float64Array, from: number, to: number): void {
    const all = this.sorted.subarray(0, to - from)
    all.set(values.subarray(from, to))
    // NaN comes last.
    all.sort()
    this.size = all.length
    while (this.size > 0 && Number.isNaN(all[this.size - 1])) this.size--
    this.nans = all.length - this.size
  }

  add(value: number): void {
    if (Number.isNaN(value)) {
      this.nans++
      return
    }
    const at = this.#indexOf(value)
    this.sorted.copyWithin(at + 1, at, this.size)
    this.sorted[at] = value
    this.size++
  }

  remove(value: number): void {
    if (Number.isNaN(value)) {
      this.nans--
      return
    }
    const at = this.#indexOf(value)
    this.sorted.copyWithin(at, at + 1, this.size)
    this.size--
  }

  quantile(q: number): number {
    return quantileOfSorted(q, this.sorted, this.size, this.nans)
  }

  /** The first index whose value is not below `value`. */
  #indexOf(value: number): number {
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.sorted[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
}
