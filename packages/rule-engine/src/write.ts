// The samples of one evaluation of one rule go into one batch, with stale markers for the series that the
// evaluation before had and this one has not.

import type { Appendable, Appender, Labels, Millis, Refusals, VectorSample } from '@promlet/model'
import { RuleError } from './error.ts'
import type { SeriesMemory } from './series-memory.ts'

/**
 * Writes the samples and awaits that they are acknowledged. Once `signal` is aborted, only the waiting ends: what was
 * committed is on its way, and whoever closes the store decides how long that may take.
 * @throws RuleError `refused-sample` when the store refused some of them (the rest is stored), or what the commit threw,
 * or the signal's reason.
 */
export async function writeSamples(
  appendable: Appendable,
  series: SeriesMemory,
  samples: readonly VectorSample[],
  staleAt: Millis,
  signal?: AbortSignal,
): Promise<void> {
  const written = new Map(samples.map(({ labels }) => [labels.key, labels] as const))
  const gone = [...series.written].filter(([key]) => !written.has(key)).map(([, labels]) => labels)
  if (samples.length === 0 && gone.length === 0) return
  const commit = (whole: boolean) => commitBatch(appendable, { series, samples, gone, staleAt, whole, signal })
  let refusals = await commit(true)
  // A retired reference is no refusal of the sample: with a new one the batch is complete. Nothing of it was stored before.
  if (series.forget(refusals.retired)) refusals = await commit(false)
  series.keep(written)
  const refused = countRefused(refusals)
  // A stale marker may be refused: another rule has written the series since.
  if (refused > gone.length) throw new RuleError('refused-sample', refusals.example ?? `${refused} samples were refused`)
}

interface Evaluation {
  readonly series: SeriesMemory
  readonly samples: readonly VectorSample[]
  readonly gone: readonly Labels[]
  readonly staleAt: Millis
  readonly whole: boolean
  readonly signal: AbortSignal | undefined
}

async function commitBatch(appendable: Appendable, evaluation: Evaluation): Promise<Refusals> {
  const { series, samples, gone, staleAt, whole, signal } = evaluation
  await using appender = appendable.appender()
  for (const sample of samples) appendSample(appender, series, sample)
  for (const labels of gone) appender.appendStale(series.resolve(appender, labels), staleAt)
  return await unlessAborted(appender.commit({ whole }), signal)
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function appendSample(appender: Appender, series: SeriesMemory, { labels, at, value, histogram }: VectorSample): void {
  const ref = series.resolve(appender, labels)
  if (histogram === undefined) appender.append(ref, at, value)
  else appender.appendHistogram(ref, at, histogram)
}

function countRefused({ outOfOrder, duplicate, tooOld, tooFarInFuture, unknownSeries }: Refusals): number {
  return outOfOrder + duplicate + tooOld + tooFarInFuture + unknownSeries
}

/** Marks series stale that no rule writes any more. Refusals are expected: another rule may have taken them over. */
export async function writeStale(appendable: Appendable, series: readonly Labels[], at: Millis, signal?: AbortSignal): Promise<void> {
  if (series.length === 0) return
  await using appender = appendable.appender()
  for (const labels of series) appender.appendStale(appender.series(labels), at)
  await unlessAborted(appender.commit(), signal)
}
