import { formatValue } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { NOT_WRITTEN, writeDecimal, writeShortest } from './float-text.ts'
import { JsonBytes } from './json-bytes.ts'

const bytes = new Uint8Array(64)
const textTo = (end: number) => new TextDecoder().decode(bytes.subarray(0, end))

/** A generator of numbers from 0 to 1. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Floats with all bits at random, decimals, and the neighbours of decimals. */
function* floats(seed: number, count: number): Generator<number> {
  const next = random(seed)
  const double = new Float64Array(1)
  const words = new Uint32Array(double.buffer)
  for (let index = 0; index < count; index++) {
    words[0] = next() * 2 ** 32
    words[1] = ((1023 - 25 + Math.floor(next() * 90)) << 20) | (next() * 2 ** 20)
    yield double[0]!
    double[0] = Number(`${Math.floor(10 ** (1 + next() * 16))}e-${Math.floor(next() * 18)}`)
    yield double[0]
    words[0] = words[0]! + (next() < 0.5 ? 1 : -1)
    yield double[0]
  }
}

const SPECIAL = [1, 10, 100, 0.1, 0.5, 2 ** -19, 2 ** 20, 2 ** 53, 2 ** 55, 1e15, 1e16, 1e17, 1e21, 1e-6, 1e-7, 9.999999999999999e22]
const MORE = [5e-324, 1.7976931348623157e308, 123456789, 999999999999999, 0.30000000000000004, 72057594037927940, 2 ** 53 - 1]

describe('a float is written as formatValue writes it', () => {
  test('by all its digits', () => {
    const seed = 20_261_123
    let written = 0
    for (const value of [...SPECIAL, ...MORE, ...floats(seed, 20_000)]) {
      const end = writeShortest(bytes, 0, Float64Array.of(value), 0)
      if (end === NOT_WRITTEN) continue
      written++
      if (textTo(end) !== formatValue(value)) expect.unreachable(`${value} is written ${textTo(end)} (seed ${seed})`)
    }
    expect(written).toBeGreaterThan(30_000)
  })

  test('with the decimals of the one before', () => {
    const seed = 20_261_124
    let written = 0
    for (const value of [...SPECIAL, ...MORE, ...floats(seed, 20_000)]) {
      if (value < 1e-6) continue
      for (const decimals of [0, 2, 5, 9, 16]) {
        const end = writeDecimal(bytes, 0, Float64Array.of(value), 0, decimals)
        if (end === NOT_WRITTEN) continue
        written++
        if (textTo(end) !== formatValue(value)) expect.unreachable(`${value} is written ${textTo(end)} (seed ${seed})`)
      }
    }
    expect(written).toBeGreaterThan(10_000)
  })

  test('one after the other, whatever they are', () => {
    const values = [...SPECIAL, 0, -0, Number.NaN, Infinity, -Infinity, 0.25, -0.25, -0.25, 1.125, 3, 1.5, 2 / 3, 2 / 3, 7, 0.5, ...MORE]
    const all = [...values, ...[...floats(20_261_125, 2_000)].map((value, index) => (index % 2 === 0 ? value : -value))]
    for (const value of all) {
      const out = new JsonBytes(1)
      for (const before of values) {
        out.number(before)
        const start = out.length
        out.number(value)
        const text = new TextDecoder().decode(out.take().subarray(start))
        if (text !== formatValue(value)) expect.unreachable(`${value} after ${before} is written ${text}`)
      }
    }
  })
})

test('times are written as formatTime gives them', () => {
  for (const at of [1_435_781_451_781, 1_435_781_451_000, 1500, 1005, 1050, 999, 0, -1500, 1_795_370_550_010]) {
    const out = new JsonBytes()
    out.time(at)
    const seconds = at / 1000
    expect(new TextDecoder().decode(out.take())).toBe(Number.isInteger(seconds) ? String(seconds) : seconds.toFixed(3))
  }
})
