import { describe, expect, test } from 'vitest'
import { asByteText } from './byte-text.ts'
import { FloatReader, readNumber } from './float-reader.ts'

/** As the parser reads: by bytes if they have the usual form, else by text. */
function read(text: string): number | string {
  const bytes = asByteText(Buffer.from(text))
  const reader = new FloatReader()
  const end = reader.read(bytes, 0, bytes.length)
  return end === bytes.length ? (reader.value[0] as number) : readNumber(bytes, 0, bytes.length)
}

describe('reading a sample value', () => {
  const is = (text: string, value: number | string) => test(`${text} is ${value}`, () => expect(read(text)).toBe(value))
  is('0', 0)
  is('-0', -0)
  is('1.', 1)
  is('.5', 0.5)
  is('+33', 33)
  is('1.7560473e+06', 1756047.3)
  is('7.424100000000001e-05', 7.424100000000001e-5)
  is('9007199254740993', 9007199254740992)
  is('1e23', 1e23)
  is('4.9e-324', 5e-324)
  is('NaN', Number.NaN)
  is('nan', Number.NaN)
  is('+Inf', Infinity)
  is('-infinity', -Infinity)
  is('1e400', 'value out of range')
  is('true', 'invalid syntax')
  is('1_2', 'invalid syntax')
  is('0x1p-3', 'invalid syntax')
  is('1e', 'invalid syntax')
  is('.', 'invalid syntax')
  is('-', 'invalid syntax')
  is('', 'invalid syntax')
  is('1.2.3', 'invalid syntax')
})

test('any float in any of its usual forms is read to the same bits as by Number', () => {
  const seed = 20240229
  const random = generator(seed)
  for (let round = 0; round < 50_000; round++) {
    const value = randomFloat(random)
    for (const text of [String(value), value.toExponential(), value.toPrecision(1 + Math.floor(random() * 17))]) {
      const expected = Number.isFinite(Number(text)) ? Number(text) : 'value out of range'
      expect(read(text), `seed ${seed}, round ${round}: ${text}`).toBe(expected)
    }
  }
})

/** Half of the time any bits, else a decimal as people and counters make them. */
function randomFloat(random: () => number): number {
  if (random() < 0.5) return Math.round(random() * 10 ** Math.ceil(random() * 18)) / 10 ** Math.floor(random() * 12)
  const bits = new Uint32Array([random() * 2 ** 32, random() * 2 ** 32])
  const value = new Float64Array(bits.buffer)[0] as number
  return Number.isFinite(value) ? value : 1
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
