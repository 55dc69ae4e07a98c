import { QueryError } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { ParsedQueries } from './parsed-queries.ts'
import { allFeatures } from './syntax/features.ts'

describe('queries that were parsed before', () => {
  test('have the tree that they had', () => {
    const parsed = new ParsedQueries(allFeatures)
    const first = parsed.parse('sum by (job) (rate(http_requests_total[5m]))')
    expect(parsed.parse('sum by (job) (rate(http_requests_total[5m]))')).toBe(first)
    expect(parsed.parse('sum by (job)(rate(http_requests_total[5m]))')).not.toBe(first)
  })

  test('are forgotten when there are many, or they are long', () => {
    const parsed = new ParsedQueries(allFeatures)
    const first = parsed.parse('up')
    for (let index = 0; index < 1_000; index++) parsed.parse(`up * ${index}`)
    expect(parsed.parse('up')).not.toBe(first)
    const long = `up{instance=~"${'host-1|'.repeat(1_000)}"}`
    expect(parsed.parse(long)).not.toBe(parsed.parse(long))
  })

  test('are no errors: what does not parse is refused each time', () => {
    const parsed = new ParsedQueries(allFeatures)
    for (let round = 0; round < 2; round++) expect(() => parsed.parse('sum(')).toThrow(QueryError)
  })
})
