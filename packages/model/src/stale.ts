// A series that ended is marked by a sample with one exact NaN. The marker lives in bits: it survives
// Float64Array stores, copies and slices, and is lost in arithmetic, plain arrays, JSON and SQLite REAL
// columns. So it is written and tested here only, through a view on the bits.

const HIGH = 0x7ff00000
const LOW = 0x00000002

const scratch = new Float64Array(1)
const scratchBits = new Uint32Array(scratch.buffer)
const lowFirst = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
const highIndex = lowFirst ? 1 : 0
const lowIndex = lowFirst ? 0 : 1

/** Writes the stale marker (NaN with bits 0x7ff0000000000002) into a slot. */
export function setStale(values: Float64Array, index: number): void {
  scratchBits[highIndex] = HIGH
  scratchBits[lowIndex] = LOW
  values.set(scratch, index)
}

/** True when the slot holds the stale marker; an ordinary NaN is a value and gives false. */
export function isStaleAt(values: Float64Array, index: number): boolean {
  const value = values[index] as number
  // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN, and this runs per sample
  if (value === value) return false
  scratch[0] = value
  return scratchBits[highIndex] === HIGH && scratchBits[lowIndex] === LOW
}

/** A column whose every slot holds the marker. */
export function staleColumn(length: number): Float64Array {
  const column = new Float64Array(length)
  for (let index = 0; index < length; index++) setStale(column, index)
  return column
}
