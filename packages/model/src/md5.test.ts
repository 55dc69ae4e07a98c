import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { md5 } from './md5.ts'

describe('md5', () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1000]) {
    test(`of ${length} bytes is the sum that Node gives`, () => {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 255)
      expect(Buffer.from(md5(bytes)).toString('hex')).toBe(createHash('md5').update(bytes).digest('hex'))
    })
  }
})
