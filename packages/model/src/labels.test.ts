import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareText, isLegacyLabelName, isLegacyMetricName, isValidName, Labels, quote } from './labels.ts'

describe('a label set', () => {
  const up = Labels.of({ job: 'node', instance: 'localhost:9100', __name__: 'up' })

  test('is sorted by name and prints as Prometheus prints it', () => {
    expect(up.names).toEqual(['__name__', 'instance', 'job'])
    expect(String(up)).toBe('{__name__="up", instance="localhost:9100", job="node"}')
  })

  test('leaves out empty values, and the later of two pairs with one name wins', () => {
    const labels = Labels.fromPairs([
      ['job', 'node'],
      ['env', ''],
      ['job', 'web'],
    ])
    expect(labels.toJSON()).toEqual({ job: 'web' })
    expect(Labels.fromPairs([['env', '']])).toBe(Labels.empty)
  })

  test('answers the empty string for a label that it does not have', () => {
    expect(up.get('env')).toBe('')
    expect(up.has('env')).toBe(false)
    expect(up.metricName).toBe('up')
  })

  test('changes by copies', () => {
    expect(String(up.with('job', ''))).toBe('{__name__="up", instance="localhost:9100"}')
    for (const name of ['A', '__name__', 'env', 'instance', 'job', 'zone', '😀']) {
      expect(up.with(name, 'new').key).toBe(Labels.fromPairs([...up, [name, 'new']]).key)
    }
    expect(Labels.empty.with('job', 'node')).toEqual(Labels.of({ job: 'node' }))
    expect(String(up.without('__name__', 'instance'))).toBe('{job="node"}')
    expect(String(up.only('job'))).toBe('{job="node"}')
    expect(up.filter(() => true)).toBe(up)
    expect(up.size).toBe(3)
  })

  test('quotes names that are no plain names', () => {
    expect(String(Labels.of({ 'service.name': 'a"b' }))).toBe('{"service.name"="a\\"b"}')
  })

  const pair = fc.tuple(fc.string({ unit: 'binary', maxLength: 3 }), fc.string({ unit: 'binary', maxLength: 3 }))
  test('is equal to another exactly when the keys are', () => {
    fc.assert(
      fc.property(fc.array(pair), fc.array(pair), (left, right) => {
        const a = Labels.fromPairs(left)
        const b = Labels.fromPairs(right)
        expect(a.equals(b)).toBe(Labels.compare(a, b) === 0)
      }),
    )
  })

  test('orders by pairs, the shorter set first', () => {
    const sets = [{ a: '1' }, { a: '1', b: '1' }, { a: '2' }, { b: '0' }].map((record) => Labels.of(record))
    expect(sets.toReversed().sort(Labels.compare)).toEqual(sets)
  })
})

describe('compareText', () => {
  test('orders as the bytes of UTF-8 do, also around the surrogates', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        expect(Math.sign(compareText(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)))
      }),
    )
    expect(compareText('\u{1f600}', '\uffee')).toBeGreaterThan(0)
  })
})

describe('names', () => {
  test('labels take letters, digits and underscores, metrics colons too', () => {
    expect(isLegacyLabelName('_job1')).toBe(true)
    expect(isLegacyLabelName('1job')).toBe(false)
    expect(isLegacyLabelName('a:b')).toBe(false)
    expect(isLegacyMetricName('a:b')).toBe(true)
    expect(isLegacyMetricName('')).toBe(false)
  })

  test('Prometheus 3 takes any text of whole characters', () => {
    expect(isValidName('service.name')).toBe(true)
    expect(isValidName('')).toBe(false)
    expect(isValidName('a\udcc5z')).toBe(false)
  })
})

describe('quote writes as strconv.Quote', () => {
  const is = (text: string, quoted: string) => test(`${JSON.stringify(text)} becomes ${quoted}`, () => expect(quote(text)).toBe(quoted))
  is('plain', '"plain"')
  is('a"b\\c', '"a\\"b\\\\c"')
  is('\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"')
  is('\x00\x7f', '"\\x00\\x7f"')
  is('\u0085\u00a0\u00ad', '"\\u0085\\u00a0\\u00ad"')
  is('☺ é 😀', '"☺ é 😀"')
  is('\u2028\ufeff\ue000', '"\\u2028\\ufeff\\ue000"')
  is('\u{e0001}', '"\\U000e0001"')
  is("it's", '"it\'s"')
  is('a\udcc5z', '"a\\xc5z"')
})
