import { describeHistogram } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import type { SequenceValue } from './ast.ts'
import { parseMetric, parseSequenceValues, parseSeriesDescription } from './series-description.ts'

/** Values on one line: `_` for none, histograms in their own notation. */
function written(values: readonly SequenceValue[]): string {
  return values
    .map((value) =>
      value === undefined
        ? '_'
        : value.kind === 'float'
          ? String(value.value)
          : value.kind === 'stale'
            ? 'stale'
            : describeHistogram(value.histogram),
    )
    .join(' ')
}

describe('values of a series', () => {
  const is = (text: string, expected: string) =>
    test(`${text} is ${expected}`, () => expect(written(parseSequenceValues(text))).toBe(expected))
  is('1 2 3', '1 2 3')
  is('', '')
  is('  1 -1 +1  .5 5. 1e3 ', '1 -1 1 0.5 5 1000')
  is('NaN Inf -Inf +inf', 'NaN Infinity -Infinity Infinity')
  is('1x0 1x2', '1 1 1 1')
  is('3-10x4', '3 -7 -17 -27 -37')
  is('-3+1.5x2', '-3 -1.5 0')
  is('1+1x0', '1')
  is('_ _x3 1', '_ _ _ _ 1')
  is('_x0', '')
  is('1 stale 2', '1 stale 2')
  is('-0x1', '0 0')
  is('Infx1 1+Infx1', 'Infinity Infinity 1 Infinity')
  is('{{}} {{ }}', '{{}} {{}}')
  is(
    '{{schema:1 sum:0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10  7 ] offset:-3 n_buckets:[4.1 5] n_offset:5 counter_reset_hint:gauge }}',
    '{{schema:1 count:3.1 sum:0.3 z_bucket:7.1 z_bucket_w:0.05 counter_reset_hint:gauge offset:-3 buckets:[5.1 10 7] n_offset:5 n_buckets:[4.1 5]}}',
  )
  is('{{buckets:[5 10] schema:1}}x2', '{{schema:1 buckets:[5 10]}} {{schema:1 buckets:[5 10]}} {{schema:1 buckets:[5 10]}}')
  is('{{buckets:[5]}}+{{buckets:[1 2] schema:1}}x2', '{{buckets:[5]}} {{buckets:[6 2]}} {{buckets:[7 4]}}')
  is('{{sum:3}}-{{sum:1}}x2 1', '{{sum:3}} {{sum:2}} {{sum:1}} 1')
  is('{{schema:-53 sum:1 count:1 custom_values:[5 10] buckets:[1]}}', '{{schema:-53 count:1 sum:1 custom_values:[5 10] buckets:[1]}}')

  const fails = (text: string, message: string) =>
    test(`${text} fails: ${message}`, () => expect(() => parseSeriesDescription(`up ${text}`)).toThrow(message))
  fails('1+1', '1:4: parse error: unexpected "1+1" in series values, expected number or "stale"')
  fails('1 _a4', '1:6: parse error: unexpected "_a4" in series values')
  fails('-3 3+3x4-4', 'unexpected "3+3x4-4"')
  fails('stalex5', 'unexpected "stalex5"')
  fails('0x10000000', 'invalid repetition in series values: 10000000 is more than 1000000 values')
  fails('{{schema:1 schema:1}}', 'duplicate key "schema" in histogram')
  fails('{{foo:1}}', '1:6: parse error: bad histogram descriptor found: "foo"')
  fails('{{schema :1}}', '1:6: parse error: missing `:` for histogram descriptor')
  fails('{{schema: 1}}', '1:13: parse error: unexpected " " in series values')
  fails('{{counter_reset_hint:foo}}', '1:25: parse error: bad histogram descriptor found: "foo"')
  fails('{{schema:1.5}}', 'unexpected "1.5" in series values')
  fails('{{sum:1', 'unexpected end of input in series values')
  fails(
    '{{buckets:[5 10 7] schema:1}}+{{buckets:[1 2 3] schema:0}}x2',
    '1:63: parse error: error combining histograms: cannot merge from schema 0 to 1',
  )
  fails(
    '{{schema:-53 custom_values:[1]}}+{{}}x2',
    'cannot apply this operation on histograms with a mix of exponential and custom bucket schemas',
  )
})

describe('labels of a series', () => {
  const is = (text: string, labels: string) =>
    test(`${text} has ${labels}`, () => expect(String(parseSeriesDescription(text).labels)).toBe(labels))
  is('up{job="node", instance=\'a\'} 1', '{__name__="up", instance="a", job="node"}')
  is('up 1 2', '{__name__="up"}')
  is('up {{sum:1}}', '{__name__="up"}')
  is('{} 1', '{}')
  is('', '{}')
  is('{"http.requests", "service.name"="api",} 0+50x2', '{__name__="http.requests", "service.name"="api"}')
  is('up{a="\\u70ac = torch"} 1', '{__name__="up", a="炬 = torch"}')
  is('sum{by="x"} 1', '{__name__="sum", by="x"}')

  const fails = (text: string, message: string) =>
    test(`${text} fails: ${message}`, () => expect(() => parseSeriesDescription(text)).toThrow(message))
  fails('{"http.requests"xx} 1', 'parse error: unexpected identifier "xx" in label set, expected "," or "}"')
  fails('{"http.requests"=, x="y"} 1', 'parse error: unexpected "," in label set, expected string')
  fails('{"http.requests} 1', 'parse error: unterminated quoted string')
  fails('up{a!="b"} 1', 'parse error: unexpected <op:!=> in label set, expected "="')
  fails('up{,} 1', 'parse error: unexpected "," in label set, expected identifier or "}"')
  fails('5', 'parse error: unexpected number "5"')

  test('a metric alone has no values', () => {
    expect(String(parseMetric('up{job="node"}'))).toBe('{__name__="up", job="node"}')
    expect(() => parseMetric('up 1')).toThrow('1:4: parse error: unexpected number "1"')
  })
})
