// An answer as the API sends it. A worker makes it where the query ran, so that only bytes change threads.

import type { Answer } from '@promlet/model'
import type { QueryStats } from './engine.ts'
import { answerJson } from './value-json.ts'

export interface WrittenAnswer extends Pick<Answer, 'warnings' | 'infos'> {
  /**
   * `"resultType":…,"result":…`, as text where it is short, otherwise in pieces of UTF-8: to be gone through once, and a piece
   * ends when the next one is asked for.
   */
  readonly json: string | Iterable<Uint8Array>
  /** True when there were more series than the limit. */
  readonly isCut: boolean
  /** Absent where the engine measures nothing, as one that asks another server. */
  readonly stats?: QueryStats
}

/** Writes at most `limit` series; 0 writes all. */
export function writeAnswer(answer: Answer & { readonly stats?: QueryStats }, limit: number): WrittenAnswer {
  const { value, warnings, infos, stats } = answer
  const isCut = limit > 0 && countOf(value) > limit
  const written = { json: answerJson(isCut ? firstOf(value, limit) : value), isCut, warnings, infos }
  return stats === undefined ? written : { ...written, stats }
}

function countOf(value: Answer['value']): number {
  return value.kind === 'matrix' ? value.series.length : value.kind === 'vector' ? value.samples.length : 0
}

function firstOf(value: Answer['value'], limit: number): Answer['value'] {
  if (value.kind === 'matrix') return { ...value, series: value.series.slice(0, limit) }
  return value.kind === 'vector' ? { ...value, samples: value.samples.slice(0, limit) } : value
}
