import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createPipeline, type Order } from './pipeline.ts'

async function read(registry: Registry): Promise<Record<string, number>> {
  const families = await registry.getMetricsAsJSON()
  return Object.fromEntries(
    families.flatMap(({ name, values }) => values.map(({ labels, value }) => [`${name} ${labels['stage']}`, value as number])),
  )
}

test('items and batches are counted on their way in and out of each stage', async () => {
  const registry = new Registry()
  const batches: (readonly Order[])[] = []
  const pipeline = createPipeline({ registry, batchSize: 4, batchSeconds: 3600, write: async (batch) => void batches.push(batch) })
  for (let id = 0; id < 10; id++) await pipeline.accept({ id })
  expect((await read(registry))['pipeline_items_in_progress load']).toBeGreaterThanOrEqual(2)
  await pipeline.close()

  expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2])
  const after = await read(registry)
  for (const stage of ['enrich', 'load']) {
    expect(after[`pipeline_items_in_total ${stage}`]).toBe(10)
    expect(after[`pipeline_items_out_total ${stage}`]).toBe(10)
    expect(after[`pipeline_items_in_progress ${stage}`]).toBe(0)
    expect(after[`pipeline_last_processed_timestamp_seconds ${stage}`]).toBeCloseTo(Date.now() / 1000, -2)
  }
  expect(after['pipeline_batches_in_total load']).toBe(3)
  expect(after['pipeline_batches_out_total load']).toBe(3)
})

test('a batch that cannot be written goes in and not out', async () => {
  const registry = new Registry()
  const write = () => Promise.reject(new Error('disk full'))
  const pipeline = createPipeline({ registry, batchSize: 2, batchSeconds: 3600, write })
  await pipeline.accept({ id: 1 })
  await pipeline.accept({ id: 2 })
  await pipeline.close()
  const after = await read(registry)
  expect(after['pipeline_batches_in_total load']).toBe(1)
  expect(after['pipeline_batches_out_total load']).toBeUndefined()
  expect(after['pipeline_items_in_progress load']).toBe(0)
})
