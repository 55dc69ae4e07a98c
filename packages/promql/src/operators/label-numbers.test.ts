import { Labels } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { haveSameLabels, LabelNumbers } from './label-numbers.ts'

const requests = (labels: Record<string, string>) => Labels.of({ __name__: 'http_requests_total', ...labels })

describe('the numbers of label sets', () => {
  test('are those of the labels named, and a label that is missing is an empty one', () => {
    const numbers = new LabelNumbers(['job', 'status'], false)
    const found = [
      { job: 'api', status: '200', path: '/' },
      { job: 'api', status: '500' },
      { job: 'api' },
      { status: '200', job: 'api' },
      {},
    ]
    expect(found.map((labels) => numbers.of(requests(labels)))).toEqual([0, 1, 2, 0, 3])
    expect(numbers.count).toBe(4)
  })

  test('or those of all others', () => {
    const numbers = new LabelNumbers(['path', '__name__'], true)
    const found = [{ job: 'api', path: '/' }, { job: 'api', path: '/users' }, { job: 'api', instance: 'api' }, { instance: 'api' }, {}]
    expect(found.map((labels) => numbers.of(requests(labels)))).toEqual([0, 0, 1, 2, 3])
    expect(numbers.of(Labels.empty)).toBe(3)
  })

  test('differ where names and values only read the same together', () => {
    const numbers = new LabelNumbers([], true)
    expect(
      [Labels.of({ a: 'b' }), Labels.of({ ab: '', b: 'a' }), Labels.of({ a: 'bb' }), Labels.of({ ab: 'b' })].map((one) => numbers.of(one)),
    ).toEqual([0, 1, 2, 3])
  })
})

describe('two label sets that are the same', () => {
  test('are found among many', () => {
    const all = Array.from({ length: 20_000 }, (_, index) => requests({ instance: `host-${index}`, path: `/${index % 7}` }))
    expect(haveSameLabels(all)).toBe(false)
    expect(haveSameLabels([...all, requests({ path: '/3', instance: 'host-3' })])).toBe(true)
    expect(haveSameLabels([...all, requests({ path: '/4', instance: 'host-3' })])).toBe(false)
  })

  test('may be empty, and one alone is none', () => {
    expect(haveSameLabels([Labels.empty])).toBe(false)
    expect(haveSameLabels([Labels.empty, Labels.empty])).toBe(true)
  })
})
