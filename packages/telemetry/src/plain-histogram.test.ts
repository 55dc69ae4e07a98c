import { Histogram } from 'prom-client'
import { expect, test } from 'vitest'
import { createRegistry, PlainHistogram, writeMetrics } from './index.ts'

test('a histogram without labels is written as that of prom-client', async () => {
  const described = { name: 'commit_seconds', help: 'Of commits.' }
  const ours = createRegistry()
  const theirs = createRegistry()
  const histogram = new PlainHistogram({ ...described, registry: ours })
  const expected = new Histogram({ ...described, registers: [theirs] })
  expect(await writeMetrics([ours])).toBe(await writeMetrics([theirs]))
  for (const seconds of [0, 0.005, 0.0051, 0.3, 0.3, 10, 11]) {
    histogram.observe(seconds)
    expected.observe(seconds)
  }
  expect(await writeMetrics([ours])).toBe(await writeMetrics([theirs]))
})
