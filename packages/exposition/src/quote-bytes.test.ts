import { describe, expect, test } from 'vitest'
import { quoteBytes } from './quote-bytes.ts'

describe('quoting bytes', () => {
  const is = (bytes: readonly number[], text: string) => test(`gives ${text}`, () => expect(quoteBytes(Uint8Array.from(bytes))).toBe(text))
  is([0x61, 0x0a, 0x22, 0x5c], '"a\\n\\"\\\\"')
  is([0x61, 0xff, 0x62], '"a\\xffb"')
  is([0xc3, 0xa9, 0xc3], '"é\\xc3"')
  is([0xed, 0xa0, 0x80], '"\\xed\\xa0\\x80"')
  is([0xf0, 0x9f, 0x98, 0x80], '"😀"')
  is([0x00], '"\\x00"')
})
