import { formatTime, type QueryStats } from '@promlet/promql'

/**
 * The `stats` of an answer as JSON text, times in seconds. Series come out of the engine in order, so that sorting
 * takes no time of its own. Prometheus: util/stats/query_stats.go.
 */
export function statsJson(stats: QueryStats): string {
  const { queueMs, prepareMs, evalMs, totalMs, samplesTotal, samplesRead, samplesPeak, perStep } = stats
  const timings = JSON.stringify({
    evalTotalTime: (prepareMs + evalMs) / 1000,
    resultSortTime: 0,
    queryPreparationTime: prepareMs / 1000,
    innerEvalTime: evalMs / 1000,
    execQueueTime: queueMs / 1000,
    execTotalTime: totalMs / 1000,
  })
  const totals = `"totalQueryableSamples":${samplesTotal},"peakSamples":${samplesPeak}`
  const read = `"samplesRead":${samplesRead}`
  const steps =
    perStep === undefined
      ? ''
      : `,"totalQueryableSamplesPerStep":${stepsJson(perStep, perStep.total)},${read},"samplesReadPerStep":${stepsJson(perStep, perStep.read)}`
  return `{"timings":${timings},"samples":{${totals}${steps}}}`
}

function stepsJson({ start, step }: NonNullable<QueryStats['perStep']>, counts: Float64Array): string {
  return `[${Array.from(counts, (count, index) => `[${formatTime(start + index * step)},${count}]`).join(',')}]`
}
