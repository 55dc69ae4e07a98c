// From the end of a scrape to the store's answer. A store may be far away and take long; scrapes go on meanwhile, so
// a batch is handed over and its answer is seen to when it comes.

import type { Appender, Refusals } from '@promlet/model'
import type { FailureLog, Logger } from '@promlet/telemetry'
import type { Ingest } from './ingest.ts'
import type { ScrapeMetrics } from './metrics.ts'

export interface BatchOptions {
  readonly ingest: Ingest
  readonly metrics: ScrapeMetrics
  readonly commits: FailureLog
  readonly logger: Logger
  /** The families whose metadata is in the batch. */
  readonly families: readonly string[]
}

/** Commits; resolves when the store answered, whatever it said. */
export async function commitBatch(appender: Appender, options: BatchOptions): Promise<void> {
  const { ingest, metrics, commits, logger } = options
  metrics.commits.pending++
  try {
    const refusals = await appender.commit()
    commits.worked()
    ingest.refuse(refusals.retired)
    countRefusals(refusals, metrics, logger)
  } catch (err) {
    metrics.failedCommits.inc()
    ingest.rewriteMetadata(options.families)
    commits.failed(err)
  } finally {
    metrics.commits.pending--
    await discardBatch(appender, logger)
  }
}

function countRefusals(refusals: Refusals, metrics: ScrapeMetrics, logger: Logger): void {
  const { outOfOrder, duplicate, example } = refusals
  const outOfBounds = refusals.tooOld + refusals.tooFarInFuture
  if (outOfOrder > 0) {
    metrics.outOfOrderSamples.inc(outOfOrder)
    logger.warn({ num_dropped: outOfOrder, example }, 'Error on ingesting out-of-order samples')
  }
  if (duplicate > 0) {
    metrics.duplicateSamples.inc(duplicate)
    logger.warn({ num_dropped: duplicate, example }, 'Error on ingesting samples with different value but same timestamp')
  }
  if (outOfBounds > 0) {
    metrics.outOfBoundsSamples.inc(outOfBounds)
    logger.warn({ num_dropped: outOfBounds, example }, 'Error on ingesting samples that are too old or are too far into the future')
  }
}

/** Gives an appender up; a store that fails even at that has said why before. */
export async function discardBatch(appender: Appender, logger: Logger): Promise<void> {
  try {
    await appender[Symbol.asyncDispose]()
  } catch (err) {
    logger.debug({ err }, 'Rollback failed')
  }
}
