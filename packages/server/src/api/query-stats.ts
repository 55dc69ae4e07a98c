import type { Answer } from '@promlet/model'
import type { MeasuredAnswer, QueryStats } from '@promlet/promql'

/**
 * The `stats` of an answer as JSON text, times in seconds; undefined where the engine measures nothing, as one that
 * asks another server. Series come out of the engine in order, so that sorting takes no time of its own.
 */
export function statsJson(answer: Answer): string | undefined {
  if (!isMeasured(answer)) return undefined
  const { queueMs, prepareMs, evalMs, totalMs, samplesTotal, samplesPeak } = answer.stats
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

function isMeasured(answer: Answer): answer is MeasuredAnswer {
  return 'stats' in answer && (answer.stats as QueryStats | undefined) !== undefined
}
