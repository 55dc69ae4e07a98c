import { describe, expect, test } from 'vitest'
import { toLowerGo, toUpperGo } from './letter-case.ts'

describe('letter case as Go has it', () => {
  const upper = (text: string, expected: string) => test(`${text} in upper case`, () => expect(toUpperGo(text)).toBe(expected))
  const lower = (text: string, expected: string) => test(`${text} in lower case`, () => expect(toLowerGo(text)).toBe(expected))
  upper('http_requests', 'HTTP_REQUESTS')
  upper('straße', 'STRAßE')
  upper('ᾳ', 'ᾼ')
  upper('ŉ', 'ŉ')
  upper('𐐨', '𐐀')
  lower('ΟΔΟΣ', 'οδοσ')
  lower('İ', 'i')
})
