import { describe, expect, test } from 'vitest'
import { parseDelimitedFamilies } from './parse-delimited-families.ts'

/** A field of a message, for lengths below 128. */
const field = (number: number, wireType: number, ...bytes: readonly number[]) => [number * 8 + wireType, ...bytes]
const sized = (number: number, bytes: readonly number[]) => field(number, 2, bytes.length, ...bytes)
const text = (number: number, value: string) => sized(number, [...Buffer.from(value)])
const double = (number: number, value: number) => field(number, 1, ...Buffer.from(Float64Array.of(value).buffer))
const label = (name: string, value: string) => sized(1, [...text(1, name), ...text(2, value)])
const delimited = (...families: readonly (readonly number[])[]) => Uint8Array.from(families.flatMap((one) => [one.length, ...one]))

describe('families of each type', () => {
  test('a gauge with help and labels', () => {
    const metric = sized(4, [...label('stage', 'load'), ...sized(2, double(1, 6.5))])
    const bytes = delimited([...text(1, 'rows'), ...text(2, 'Rows read.'), ...field(3, 0, 1), ...metric])
    expect(parseDelimitedFamilies(bytes)).toEqual([
      {
        name: 'rows',
        help: 'Rows read.',
        type: 'gauge',
        metrics: [{ labels: [{ name: 'stage', value: 'load' }], sample: { kind: 'value', value: 6.5 } }],
      },
    ])
  })

  test('a counter is what a family is that does not say', () => {
    const bytes = delimited([...text(1, 'rows_total'), ...sized(4, sized(3, double(1, 3)))])
    expect(parseDelimitedFamilies(bytes)).toMatchObject([{ type: 'counter', help: undefined, metrics: [{ sample: { value: 3 } }] }])
  })

  test('a summary, with a timestamp', () => {
    const quantile = sized(3, [...double(1, 0.5), ...double(2, 1)])
    const metric = sized(4, [...sized(4, [...field(1, 0, 2), ...double(2, 3), ...quantile]), ...field(6, 0, 0x88, 0x27)])
    expect(parseDelimitedFamilies(delimited([...text(1, 'took'), ...field(3, 0, 2), ...metric]))[0]?.metrics).toEqual([
      { labels: [], timestampMs: 5000, sample: { kind: 'summary', count: 2, sum: 3, quantiles: [{ quantile: 0.5, value: 1 }] } },
    ])
  })

  test('a histogram, of integers and of floats', () => {
    const whole = sized(3, [...field(1, 0, 1), ...double(2, 0.1)])
    const broken = sized(3, [...double(2, 0.1), ...double(4, 1.5)])
    const metrics = [
      ...sized(4, sized(7, [...field(1, 0, 3), ...double(2, 2.5), ...whole])),
      ...sized(4, sized(7, [...double(4, 2.5), ...broken])),
    ]
    expect(parseDelimitedFamilies(delimited([...text(1, 'took'), ...field(3, 0, 4), ...metrics]))[0]?.metrics).toEqual([
      { labels: [], sample: { kind: 'histogram', count: 3, sum: 2.5, buckets: [{ upperBound: 0.1, count: 1 }] } },
      { labels: [], sample: { kind: 'histogram', count: 2.5, sum: 0, buckets: [{ upperBound: 0.1, count: 1.5 }] } },
    ])
  })

  test('of two families of one name the last counts, and unknown fields are passed over', () => {
    const one = (value: number) => [...text(1, 'rows'), ...field(3, 0, 1), ...text(15, 'new'), ...sized(4, sized(2, double(1, value)))]
    expect(parseDelimitedFamilies(delimited(one(1), one(2)))).toMatchObject([{ metrics: [{ sample: { value: 2 } }] }])
  })
})

describe('what is refused', () => {
  test('a message that is cut off', () => {
    const whole = delimited([...text(1, 'rows'), ...sized(4, sized(3, double(1, 3)))])
    for (let length = 1; length < whole.length; length++) {
      expect(() => parseDelimitedFamilies(whole.subarray(0, length))).toThrow('unexpected EOF')
    }
  })

  test('bytes that are something else', () => {
    expect(() => parseDelimitedFamilies(Buffer.from('rows{stage="load"} 1\n'))).toThrow(/unexpected EOF|invalid wire-format/)
    expect(() => parseDelimitedFamilies(delimited(text(1, '\ud800').map((byte) => (byte === 0xef ? 0xff : byte))))).toThrow('invalid UTF-8')
  })

  test('a metric that is not of its type', () => {
    const bytes = delimited([...text(1, 'rows'), ...field(3, 0, 1), ...sized(4, sized(3, double(1, 3)))])
    expect(() => parseDelimitedFamilies(bytes)).toThrow('expected gauge in metric rows')
  })
})
