import { Labels } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { labelsOffset, xxHash64 } from './labels-hash.ts'

describe('xxHash64', () => {
  const is = (text: string, hash: string) =>
    test(`of ${JSON.stringify(text)} is ${hash}`, () => expect(xxHash64(new TextEncoder().encode(text)).toString(16)).toBe(hash))
  is('', 'ef46db3751d8e999')
  is('a', 'd24ec4f1a98c6e5b')
  is('abc', '44bc2cf5ad770999')
  is('The quick brown fox jumps over the lazy dog', 'b242d361fda71bc')
})

describe('labelsOffset', () => {
  test('is spread between 0 and 1', () => {
    const offsets = Array.from({ length: 200 }, (_, index) => labelsOffset(Labels.of({ __name__: 'up', instance: `host-${index}` })))
    expect(offsets.every((offset) => offset >= 0 && offset < 1)).toBe(true)
    const below = offsets.filter((offset) => offset < 0.5).length
    expect(below).toBeGreaterThan(70)
    expect(below).toBeLessThan(130)
  })
})
