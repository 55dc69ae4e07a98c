import { expect, test } from 'vitest'
import { highlight } from './highlight.ts'

test('the pieces of a query have class names for their colours', () => {
  const query = 'sum by (job) (rate(up{job="node"}[5m])) # all'
  const colours = Object.fromEntries(highlight(query).map(({ start, end, classes }) => [query.slice(start, end), classes]))
  expect(colours).toMatchObject({ sum: 'tok-keyword', by: 'tok-keyword', '"node"': 'tok-string', '# all': 'tok-comment' })
})

test('an unfinished query has colours too', () => {
  expect(highlight('rate(up{job="no').length).toBeGreaterThan(2)
})
