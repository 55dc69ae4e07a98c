import { describe, expect, test } from 'vitest'
import { formatSize, parseSize } from './size.ts'

describe('sizes', () => {
  const is = (text: string, bytes: number, printed: string) =>
    test(`${text} is ${bytes} bytes and prints as ${printed}`, () => {
      expect(parseSize(text)).toBe(bytes)
      expect(formatSize(bytes)).toBe(printed)
    })
  is('0', 0, '0B')
  is('512MB', 536_870_912, '512MiB')
  is('15MiB', 15_728_640, '15MiB')
  is('1.5GB', 1_610_612_736, '1GiB512MiB')
  is('1KB1B', 1025, '1KiB1B')
  is('-1MB', -1_048_576, '-1MiB')

  const fails = (text: string, message: string) => test(`${text} is refused`, () => expect(() => parseSize(text)).toThrow(message))
  fails('100', 'units: unknown unit  in 100')
  fails('10QB', 'units: unknown unit QB in 10QB')
  fails('', 'units: invalid')
  fails('MB', 'units: invalid MB')
})
