import { setStale } from '@promlet/model'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteWriter, openBlob } from './bytes.ts'
import { readColumn, writeColumn } from './column.ts'

const bitsOf = (values: Float64Array) => [...new BigUint64Array(values.buffer, values.byteOffset, values.length)]

function encode(values: Float64Array): Buffer {
  const writer = new ByteWriter()
  writeColumn(writer, values, 0, values.length)
  return writer.blob()
}

function decode(blob: Buffer, length: number): Float64Array {
  // Written into the middle of a column, as a chunk's values are.
  const values = new Float64Array(length + 2)
  const reader = openBlob(blob, 'chunk', 1)
  readColumn(reader, values, 1, length)
  expect(reader.done).toBe(true)
  return values.slice(1, -1)
}

function comesBack(values: Float64Array): Buffer {
  const before = values.slice()
  const blob = encode(values)
  expect(bitsOf(values)).toEqual(bitsOf(before))
  expect(bitsOf(decode(blob, values.length))).toEqual(bitsOf(values))
  return blob
}

const column = (length: number, value: (index: number) => number) => Float64Array.from({ length }, (_, index) => value(index))

describe('a column', () => {
  const takes = (title: string, bytesMax: number, values: Float64Array) =>
    test(`of ${title} takes at most ${bytesMax} bytes`, () => expect(comesBack(values).length).toBeLessThanOrEqual(bytesMax))

  takes('one value', 13, Float64Array.of(0.1))
  takes(
    'a constant',
    13,
    column(500, () => 16 * 2 ** 30),
  )
  takes(
    'an up that fell once',
    45,
    column(500, (index) => (index > 100 && index < 130 ? 0 : 1)),
  )
  takes(
    'times every 15 s',
    40,
    column(480, (index) => 1_767_225_600_000 + index * 15_000),
  )
  takes(
    'times every 15 s, some late by milliseconds',
    400,
    column(480, (index) => 1_767_225_600_000 + index * 15_000 + ((index * 7) % 5)),
  )
  takes(
    'a counter of requests',
    620,
    column(480, (index) => 1_000_000 + index * 300 + ((index * 7919) % 300)),
  )
  takes(
    'a counter that was reset',
    520,
    column(480, (index) => (index < 240 ? index * 100 : (index - 240) * 100) + (index % 7)),
  )
  takes(
    'seconds with two decimals',
    560,
    column(480, (index) => Math.round((5000 + index * 1.37) * 100) / 100),
  )
  takes(
    'memory in pages',
    600,
    column(480, (index) => (100_000 + ((index * 7919) % 500)) * 4096),
  )
  takes(
    'a random fraction',
    4096,
    column(480, (index) => Math.sin(index)),
  )
})

describe('a column keeps every bit', () => {
  test('of stale markers, NaN, infinities and both zeros among whole numbers', () => {
    const values = column(200, (index) => index)
    for (const [index, value] of [Number.NaN, Infinity, -Infinity, -0, 0].entries()) values[index * 7] = value
    setStale(values, 199)
    setStale(values, 0)
    comesBack(values)
  })

  test('of nothing but stale markers, or zeros of both signs', () => {
    const stale = new Float64Array(9)
    for (let index = 0; index < 9; index++) setStale(stale, index)
    comesBack(stale)
    comesBack(column(10, (index) => (index % 2 === 0 ? 0 : -0)))
  })

  const number = fc.oneof(
    fc.integer({ min: -1000, max: 1000 }),
    fc.maxSafeInteger(),
    fc.double(),
    fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((value) => value / 1000),
    fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 2 ** 53, 2 ** 50, -(2 ** 50), 2 ** 51 - 1, 5e-324, 1e300),
  )
  const walk = fc.array(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), { minLength: 1, maxLength: 200 }).map((steps) => {
    let value = 0
    return steps.map((step) => (value += step))
  })

  test('of any values', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(number, { minLength: 1, maxLength: 200 }), walk),
        (values) => void comesBack(Float64Array.from(values)),
      ),
      { numRuns: 2_000 },
    )
  })

  test('of any bit patterns', () => {
    const bits = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(bits, (patterns) => void comesBack(new Float64Array(BigUint64Array.from(patterns).buffer))),
      { numRuns: 500 },
    )
  })

  test('of long walks of every width of step', () => {
    for (let width = 1; width < 52; width++) {
      let state = width
      let value = 0
      const values = column(150, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        value += Math.floor((state / 2 ** 32) * 2 ** width) - (width % 2) * 2 ** (width - 1)
        return value
      })
      comesBack(values)
    }
  })
})

test('a flipped bit is found', () => {
  const blob = encode(column(100, (index) => index * 3))
  for (let bit = 0; bit < blob.length * 8; bit += 11) {
    const damaged = Buffer.from(blob)
    damaged[bit >>> 3]! ^= 1 << (bit & 7)
    expect(() => openBlob(damaged, 'chunk', 7)).toThrow('chunk 7')
  }
})
