// The values of one series over one run of times, in the smallest of four forms. The first byte says which:
//
//   CONSTANT   double                                   all values have the same bits
//   RUNS       count, then per run: length, double      values that change now and then
//   INTEGERS   see column-integers.ts                   whole numbers and decimal fractions, which is most metrics
//   XOR        see column-xor.ts                        everything else
//
// How many values there are is not in it: the times that belong to it tell.

import type { ByteReader, ByteWriter } from './bytes.ts'
import { INTEGERS, IntegerEncoder, readIntegers } from './column-integers.ts'
import { readXor, writeXor } from './column-xor.ts'
import { StorageError } from './error.ts'
import { sameBits } from './sameness.ts'

const CONSTANT = 0
const RUNS = 1
const XOR = 3

/** Integers that take more than this per value are weighed against XOR. */
const INTEGER_BYTES_MAX = 5
const RUN_BYTES = 9.5

const integers = new IntegerEncoder()

/** Writes `values[from]` to `values[to - 1]`. There is at least one. */
export function writeColumn(writer: ByteWriter, values: Float64Array, from: number, to: number): void {
  const runs = countRuns(values, from, to)
  if (runs === 1) {
    writer.byte(CONSTANT)
    writer.doubles(values.subarray(from, from + 1))
    return
  }
  const length = to - from
  const integerBytes = integers.measure(values, from, to)
  if (runs * RUN_BYTES <= Math.min(integerBytes, length * 8)) writeRuns(writer, values, from, to, runs)
  else if (integerBytes <= length * INTEGER_BYTES_MAX) integers.write(writer)
  else writeSmaller(writer, values, from, to, integerBytes)
}

/** Fills `into[at]` to `into[at + count - 1]`. @throws StorageError `corrupt` */
export function readColumn(reader: ByteReader, into: Float64Array, at: number, count: number): void {
  const form = reader.byte()
  switch (form) {
    case CONSTANT:
      readRun(reader, into, at, count)
      break
    case RUNS:
      readRuns(reader, into, at, count)
      break
    case INTEGERS:
      readIntegers(reader, into, at, count)
      break
    case XOR:
      readXor(reader, into, at, count)
      break
    default:
      throw new StorageError('corrupt', `a column has the unknown form ${form}`)
  }
}

function writeSmaller(writer: ByteWriter, values: Float64Array, from: number, to: number, integerBytes: number): void {
  const start = writer.length
  writer.byte(XOR)
  writeXor(writer, values, from, to)
  if (writer.length - start <= integerBytes) return
  writer.length = start
  integers.write(writer)
}

function countRuns(values: Float64Array, from: number, to: number): number {
  let runs = 1
  for (let index = from + 1; index < to; index++) {
    const value = values[index] as number
    // Most equal values are plain numbers; only zeros and NaN need a look at their bits.
    if (value === values[index - 1] && value !== 0) continue
    if (!sameBits(values, index, values, index - 1)) runs++
  }
  return runs
}

function writeRuns(writer: ByteWriter, values: Float64Array, from: number, to: number, runs: number): void {
  writer.byte(RUNS)
  writer.varint(runs)
  let start = from
  for (let index = from + 1; index <= to; index++) {
    if (index < to && sameBits(values, index, values, start)) continue
    writer.varint(index - start)
    writer.doubles(values.subarray(start, start + 1))
    start = index
  }
}

function readRuns(reader: ByteReader, into: Float64Array, at: number, count: number): void {
  let index = at
  for (let runs = reader.varint(); runs > 0; runs--) {
    const length = reader.varint()
    if (index + length > at + count) throw new StorageError('corrupt', 'the runs of a column are longer than its times')
    readRun(reader, into, index, length)
    index += length
  }
}

function readRun(reader: ByteReader, into: Float64Array, at: number, count: number): void {
  if (count === 0) return
  reader.doubles(into.subarray(at, at + 1))
  // Copying doubles the filled part: a fill with a number could lose the bits of a stale marker.
  for (let filled = 1; filled < count; filled *= 2) into.copyWithin(at + filled, at, at + Math.min(filled, count - filled))
}
