import { expect, test } from 'vitest'
import { Batch } from './batch.ts'

test('a batch of any length keeps every value', () => {
  const batch = new Batch()
  for (let ref = 0; ref < 1000; ref++) batch.append(ref, 1_000 + ref, ref + 0.5)
  expect(batch.length).toBe(1000)
  for (let slot = 0; slot < 1000; slot++)
    expect([batch.refs[slot], batch.times[slot], batch.values[slot]]).toEqual([slot, 1_000 + slot, slot + 0.5])
})
