// In offline processing nobody waits for an answer, so each stage says how many items came in, how many it works on,
// when it last got something done, and how many went out. A stage that works in batches counts these as well: a batch
// may be slow although its items are few.

import { Counter, Gauge, type Registry } from 'prom-client'

export interface StageMetrics {
  readonly itemsIn: Counter<'stage'>
  readonly itemsInProgress: Gauge<'stage'>
  readonly itemsOut: Counter<'stage'>
  readonly lastProcessed: Gauge<'stage'>
  readonly batchesIn: Counter<'stage'>
  readonly batchesOut: Counter<'stage'>
}

export function stageMetrics(registry: Registry): StageMetrics {
  const labelNames = ['stage'] as const
  const registers = [registry]
  return {
    itemsIn: new Counter({ name: 'pipeline_items_in_total', help: 'Items that a stage took in.', labelNames, registers }),
    itemsInProgress: new Gauge({
      name: 'pipeline_items_in_progress',
      help: 'Items that a stage has taken in and not yet given out, waiting ones included.',
      labelNames,
      registers,
    }),
    itemsOut: new Counter({ name: 'pipeline_items_out_total', help: 'Items that a stage gave out.', labelNames, registers }),
    lastProcessed: new Gauge({
      name: 'pipeline_last_processed_timestamp_seconds',
      help: 'When a stage last gave something out, as Unix time.',
      labelNames,
      registers,
    }),
    batchesIn: new Counter({ name: 'pipeline_batches_in_total', help: 'Batches that a stage began.', labelNames, registers }),
    batchesOut: new Counter({ name: 'pipeline_batches_out_total', help: 'Batches that a stage finished.', labelNames, registers }),
  }
}
