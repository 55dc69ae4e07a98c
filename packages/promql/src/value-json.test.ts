import { type Histogram, Labels, type Value } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { formatTime } from './json-bytes.ts'
import { answerJson, writeAnswerJson } from './value-json.ts'

const labels = Labels.of({ __name__: 'up', job: 'a "quoted" job' })

const histogram: Histogram = {
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 2,
  count: 5,
  sum: 18.4,
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveBuckets: Float64Array.of(2, 1),
  negativeSpans: [],
  negativeBuckets: new Float64Array(),
  counterResetHint: 'unknown',
  float: true,
}

describe('formatTime', () => {
  const is = (at: number, text: string) => test(`${at} ms is ${text}`, () => expect(formatTime(at)).toBe(text))
  is(1435781451781, '1435781451.781')
  is(1435781451000, '1435781451')
  is(1500, '1.500')
  is(1005, '1.005')
  is(-1500, '-1.500')
  is(0, '0')
})

describe('writeAnswerJson', () => {
  const is = (title: string, value: Value, json: string) => test(title, () => expect(writeAnswerJson({ value })).toBe(json))
  is('writes a scalar', { kind: 'scalar', at: 1500, value: Infinity }, '{"resultType":"scalar","result":[1.500,"+Inf"]}')
  is('writes a string', { kind: 'string', at: 0, value: 'a\n' }, '{"resultType":"string","result":[0,"a\\n"]}')
  is('writes an empty vector', { kind: 'vector', samples: [] }, '{"resultType":"vector","result":[]}')
  is(
    'writes floats of a vector',
    { kind: 'vector', samples: [{ labels, at: 1000, value: 1e-7 }] },
    '{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a \\"quoted\\" job"},"value":[1,"1e-07"]}]}',
  )
  test('writes a long vector in pieces, which together are what a short one is', () => {
    const samples = Array.from({ length: 2_500 }, (_, index) => ({ labels, at: 1000 + (index % 3), value: index / 4 }))
    const { data } = JSON.parse(`{"data":${writeAnswerJson({ value: { kind: 'vector', samples } })}}`)
    expect(data.result).toEqual(
      samples.map(({ at, value }) => ({ metric: { __name__: 'up', job: 'a "quoted" job' }, value: [at / 1000, String(value)] })),
    )
    const pieces = answerJson({ kind: 'vector', samples })
    expect(typeof pieces).toBe('object')
    expect(Array.from(pieces as Iterable<Uint8Array>).length).toBeGreaterThan(3)
  })
  is(
    'writes native histograms with their bounds',
    { kind: 'vector', samples: [{ labels: Labels.empty, at: 1000, value: 0, histogram }] },
    '{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"5","sum":"18.4","buckets":' +
      '[[3,"-0.001","0.001","2"],[0,"0.5","1","2"],[0,"1","2","1"]]}]}]}',
  )
  is(
    'writes floats and histograms of one series apart',
    {
      kind: 'matrix',
      series: [
        {
          labels: Labels.empty,
          times: Float64Array.of(1000, 2000),
          values: Float64Array.of(Number.NaN, 0),
          histograms: [undefined, { ...histogram, zeroCount: 0, positiveSpans: [], positiveBuckets: new Float64Array() }],
        },
      ],
    },
    '{"resultType":"matrix","result":[{"metric":{},"values":[[1,"NaN"]],"histograms":[[2,{"count":"5","sum":"18.4"}]]}]}',
  )
})
