import { expect, test } from 'vitest'
import { compareNaturally } from './natural-order.ts'

test.each([
  [
    ['node10', 'node2', 'node1'],
    ['node1', 'node2', 'node10'],
  ],
  [
    ['b', 'a10', 'a9'],
    ['a9', 'a10', 'b'],
  ],
  [
    ['1.10.0', '1.9.3', '1.9'],
    ['1.9', '1.9.3', '1.10.0'],
  ],
  [
    ['x', '', '5'],
    ['', '5', 'x'],
  ],
])('%j in natural order is %j', (texts, sorted) => {
  expect([...texts].sort(compareNaturally)).toEqual(sorted)
})
