import type { Histogram } from '@promlet/model'
import fc from 'fast-check'
import type { Generated } from './data.ts'
import { type Case, keep } from './kept.ts'

/** PROMLET_SEED=… repeats a seed, PROMLET_RUNS=… looks further. */
export const seed = Number(process.env['PROMLET_SEED'] ?? 7)
export const runs = Number(process.env['PROMLET_RUNS'] ?? 600)

/** When ranges begin and end, in seconds: no time, nor a time less a range, is a multiple of a step of a subquery. */
export const times: { readonly start: number; readonly end: number; readonly step: number } = { start: 987, end: 3387, step: 75 }

/** A time of the range. */
export const anyTime: fc.Arbitrary<number> = fc.integer({ min: 0, max: 30 }).map((step) => times.start + step * times.step)

/** Tries cases of a property; the smallest that fails is kept as a script. @throws naming the seed and the script */
export async function tryOut<T extends unknown[]>(
  name: string,
  data: readonly Generated<number | Histogram>[],
  numRuns: number,
  property: fc.IAsyncProperty<T>,
  caseOf: (found: T) => Promise<Case>,
): Promise<void> {
  const outcome = await fc.check(property, { seed, numRuns })
  if (!outcome.failed) return
  const kept = outcome.counterexample === null ? 'nothing' : keep(`seed-${seed}-${name}`, data, await caseOf(outcome.counterexample))
  throw new Error(`PROMLET_SEED=${seed}, kept in ${kept}: ${await fc.asyncDefaultReportMessage(outcome)}`, { cause: outcome.errorInstance })
}
