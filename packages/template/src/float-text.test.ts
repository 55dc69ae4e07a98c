import { describe, expect, test } from 'vitest'
import { formatFloat } from './float-text.ts'

describe('formatFloat', () => {
  const is = (value: number, verb: 'e' | 'f' | 'g', precision: number, text: string) =>
    test(`${value} as %.${precision}${verb} is ${text}`, () => expect(formatFloat(value, verb, precision)).toBe(text))
  is(1353755652, 'g', -1, '1.353755652e+09')
  is(123456, 'g', -1, '123456')
  is(1234567, 'g', -1, '1.234567e+06')
  is(0.0001, 'g', -1, '0.0001')
  is(0.00001, 'g', -1, '1e-05')
  is(1e21, 'f', -1, '1000000000000000000000')
  is(0.1, 'f', -1, '0.1')
  is(1234.5678, 'g', 4, '1235')
  is(12345.678, 'g', 4, '1.235e+04')
  is(1.2345, 'g', 4, '1.234')
  is(100, 'g', 4, '100')
  is(0, 'g', 4, '0')
  is(-0, 'g', -1, '-0')
  is(0.5, 'f', 0, '0')
  is(1.5, 'f', 0, '2')
  is(2.5, 'f', 0, '2')
  is(0.125, 'f', 2, '0.12')
  is(9.995, 'f', 2, '9.99')
  is(9.999, 'f', 2, '10.00')
  is(0.999, 'f', 0, '1')
  is(0.04, 'f', 1, '0.0')
  is(0.06, 'f', 1, '0.1')
  is(0.00001, 'f', 2, '0.00')
  is(2.5, 'e', 2, '2.50e+00')
  is(0, 'e', 3, '0.000e+00')
  is(999.9, 'e', 1, '1.0e+03')
  is(1e300, 'g', 3, '1e+300')
  is(5e-324, 'g', -1, '5e-324')
  is(Number.NaN, 'g', 4, 'NaN')
  is(-Infinity, 'f', 2, '-Inf')

  test('agrees with toPrecision where no tie is possible', () => {
    for (let index = 1; index < 500; index++) {
      const value = Math.sin(index) * 10 ** ((index % 30) - 12)
      expect(Number(formatFloat(value, 'g', 6))).toBe(Number(value.toPrecision(6)))
      expect(formatFloat(value, 'e', 8)).toBe(value.toExponential(8).replace(/e([+-])(\d)$/, 'e$10$2'))
    }
  })
})
