// Two stages: `enrich` works item by item, `load` writes batches. Items go from one to the other by a function call.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import { type StageMetrics, stageMetrics } from './stage-metrics.ts'

export interface Order {
  readonly id: number
  readonly country?: string
}

export interface PipelineOptions {
  readonly registry: Registry
  /** Orders per batch of the second stage. */
  readonly batchSize: number
  /** A batch that is not full by then is written anyway, in seconds. */
  readonly batchSeconds: number
  /** Where batches go in the end. */
  write(batch: readonly Order[]): Promise<void>
}

export interface Pipeline {
  /** Takes one order in; resolves when it waits in the second stage. */
  accept(order: Order): Promise<void>
  /** Writes what waits and stops. */
  close(): Promise<void>
}

export function createPipeline({ registry, batchSize, batchSeconds, write }: PipelineOptions): Pipeline {
  const metrics = stageMetrics(registry)
  const load = createLoadStage(metrics, batchSize, write)
  const timer = setInterval(() => void load.flush(), batchSeconds * 1000)
  return {
    async accept(order) {
      load.take(await enrich(metrics, order))
    },
    async close() {
      clearInterval(timer)
      await load.flush()
    },
  }
}

/** The first stage: looks up the country of an order. */
async function enrich(metrics: StageMetrics, order: Order): Promise<Order> {
  const stage = 'enrich'
  metrics.itemsIn.inc({ stage })
  metrics.itemsInProgress.inc({ stage })
  try {
    await sleep(5)
    metrics.itemsOut.inc({ stage })
    metrics.lastProcessed.setToCurrentTime({ stage })
    return { ...order, country: order.id % 3 === 0 ? 'NO' : 'DE' }
  } finally {
    metrics.itemsInProgress.dec({ stage })
  }
}

/** The second stage: collects orders and writes them in batches, one batch at a time. */
function createLoadStage(metrics: StageMetrics, batchSize: number, write: PipelineOptions['write']) {
  const stage = 'load'
  let waiting: Order[] = []
  let writing: Promise<void> = Promise.resolve()

  async function writeBatch(batch: readonly Order[]): Promise<void> {
    metrics.batchesIn.inc({ stage })
    try {
      await write(batch)
      metrics.batchesOut.inc({ stage })
      metrics.itemsOut.inc({ stage }, batch.length)
      metrics.lastProcessed.setToCurrentTime({ stage })
    } catch (error) {
      // The batch is lost: in minus out is what did not get through.
      process.stderr.write(`a batch of ${batch.length} orders was not written: ${error}\n`)
    } finally {
      metrics.itemsInProgress.dec({ stage }, batch.length)
    }
  }

  function flush(): Promise<void> {
    if (waiting.length === 0) return writing
    const batch = waiting
    waiting = []
    writing = writing.then(() => writeBatch(batch))
    return writing
  }

  return {
    take(order: Order): void {
      metrics.itemsIn.inc({ stage })
      metrics.itemsInProgress.inc({ stage })
      waiting.push(order)
      if (waiting.length >= batchSize) void flush()
    },
    flush,
  }
}
