import type { QueryStats } from '@promlet/promql'

/** The `stats` of an answer as JSON text, times in seconds. Series come out of the engine in order: sorting takes no time of its own. */
export function statsJson({ queueMs, prepareMs, evalMs, totalMs, samplesTotal, samplesPeak }: QueryStats): string {
  return JSON.stringify({
    timings: {
      evalTotalTime: (prepareMs + evalMs) / 1000,
      resultSortTime: 0,
      queryPreparationTime: prepareMs / 1000,
      innerEvalTime: evalMs / 1000,
      execQueueTime: queueMs / 1000,
      execTotalTime: totalMs / 1000,
    },
    samples: { totalQueryableSamples: samplesTotal, peakSamples: samplesPeak },
  })
}
