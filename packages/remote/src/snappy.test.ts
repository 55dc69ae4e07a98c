import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RemoteError } from './error.ts'
import { decodeSnappy, encodeSnappy } from './snappy.ts'

const NO_LIMIT = 2 ** 31

describe('a snappy block', () => {
  test('gives back what was packed', () => {
    const text = fc.array(fc.constantFrom('http_requests_total', 'job', 'instance', 'web-1:9100', '0', '\0'), { maxLength: 20_000 })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 3_000 }),
          text.map((parts) => Buffer.from(parts.join(''))),
        ),
        (content) => {
          expect(Buffer.from(decodeSnappy(encodeSnappy(content), NO_LIMIT)).equals(content)).toBe(true)
        },
      ),
    )
  })

  test('of runs longer than a fragment is small', () => {
    const content = Buffer.alloc(1_000_000, 'x')
    const block = encodeSnappy(content)
    expect(block.length).toBeLessThan(60_000)
    expect(Buffer.from(decodeSnappy(block, NO_LIMIT)).equals(content)).toBe(true)
  })

  test('of noise is not much longer than the noise', () => {
    const content = Buffer.from(
      fc.sample(fc.uint8Array({ minLength: 200_000, maxLength: 200_000 }), { seed: 1, numRuns: 1 })[0] as Uint8Array,
    )
    const block = encodeSnappy(content)
    expect(block.length).toBeLessThan(content.length * 1.01)
    expect(Buffer.from(decodeSnappy(block, NO_LIMIT)).equals(content)).toBe(true)
  })

  // Written by hand from the format's description: every kind of element, and a copy that runs into itself.
  const decodes = (what: string, block: number[], text: string) =>
    test(`with ${what} is read`, () => expect(Buffer.from(decodeSnappy(Uint8Array.from(block), NO_LIMIT)).toString()).toBe(text))
  decodes('nothing in it', [0], '')
  decodes('a literal', [3, 0x08, 0x61, 0x62, 0x63], 'abc')
  decodes('a literal with a length of one byte', [2, 0xf0, 1, 0x61, 0x62], 'ab')
  decodes('a literal with a length of four bytes', [2, 0xfc, 1, 0, 0, 0, 0x61, 0x62], 'ab')
  decodes('a copy of the short form', [6, 0x04, 0x61, 0x62, 0x01, 2], 'ababab')
  decodes('a copy of the middle form', [5, 0x04, 0x61, 0x62, 0x0a, 2, 0], 'ababa')
  decodes('a copy of the long form', [4, 0x04, 0x61, 0x62, 0x07, 2, 0, 0, 0], 'abab')

  const refuses = (what: string, block: number[], message: string) =>
    test(`${what} is refused`, () => expect(() => decodeSnappy(Uint8Array.from(block), 1000)).toThrow(new RemoteError('corrupt', message)))
  refuses('without a length', [], 'snappy: corrupt input')
  refuses('with a length that does not end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'snappy: corrupt input')
  refuses('with less than it promises', [4, 0x08, 0x61, 0x62, 0x63], 'snappy: corrupt input')
  refuses('with more than it promises', [2, 0x08, 0x61, 0x62, 0x63], 'snappy: corrupt input')
  refuses('with a literal that is cut off', [3, 0x08, 0x61], 'snappy: corrupt input')
  refuses('with a copy from before its start', [6, 0x04, 0x61, 0x62, 0x01, 3], 'snappy: corrupt input')
  refuses('with a copy from nowhere', [6, 0x04, 0x61, 0x62, 0x01, 0], 'snappy: corrupt input')
  refuses('that says it is longer than allowed', [0xe9, 0x07, 0x00, 0x61], 'snappy: decoded block is too large')

  test('of any bytes is read or refused, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (block) => {
        try {
          decodeSnappy(block, 100_000)
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
