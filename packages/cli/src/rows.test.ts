import { describe, expect, test } from 'vitest'
import { csvRows, jsonRows, tableRows } from './rows.ts'

const columns = ['name', 'value', 'data']
const rows = [
  ['up', 1, null],
  ['a "quoted", name', -0.5, Buffer.from([0, 255])],
  ['two\nlines', Infinity, 7n],
]
const textOf = (pieces: Iterable<string>) => [...pieces].join('')

describe('rows', () => {
  test('as a table have the widths of their columns, with numbers to the right', () => {
    expect(
      textOf(
        tableRows(
          ['job', 'series'],
          [
            ['node', 12],
            ['api', 3],
          ],
        ),
      ),
    ).toBe('job   series\n----  ------\nnode      12\napi        3\n')
    expect(textOf(tableRows(['job'], []))).toBe('job\n---\n')
    const many = Array.from({ length: 600 }, (_, index) => [index === 599 ? 'much longer than the others' : 'x', index])
    expect(
      textOf(tableRows(['a', 'b'], many))
        .split('\n')
        .slice(-3),
    ).toEqual(['x  598', 'much longer than the others  599', ''])
  })

  test('as CSV have quotes where they are needed', () => {
    expect(textOf(csvRows(columns, rows))).toBe(`name,value,data\nup,1,\n"a ""quoted"", name",-0.5,x'00ff'\n"two\nlines",Infinity,7\n`)
  })

  test('as JSON are a list of objects', () => {
    expect(JSON.parse(textOf(jsonRows(columns, rows)))).toEqual([
      { name: 'up', value: 1, data: null },
      { name: 'a "quoted", name', value: -0.5, data: "x'00ff'" },
      { name: 'two\nlines', value: 'Infinity', data: '7' },
    ])
    expect(textOf(jsonRows(columns, []))).toBe('[]\n')
  })
})
