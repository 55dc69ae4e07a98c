// Remote write brings samples one by one, and most senders repeat the same series in the same order. A list of series
// that comes a second time becomes a layout, and its samples become rows: eight bytes each, and nothing per sample.

import type { Millis } from '@promlet/model'
import type { SampleList } from './sample-list.ts'

/** Fewer samples at one time are not worth a layout. */
const ROW_SAMPLES_MIN = 64
/** More times in one batch than this are left as they are. */
const TIMES_MAX = 16
const HASHES_MAX = 4_096

export interface FoundRow {
  readonly at: Millis
  readonly refs: Uint32Array
  readonly values: Float64Array
}

export class RowFinder {
  /** Lists that came before. */
  #seen = new Set<number>()

  /** Takes rows out of the samples where all of them form rows that were seen before; gives none otherwise. */
  take(samples: SampleList): FoundRow[] {
    const { length } = samples
    if (length < ROW_SAMPLES_MIN) return []
    const groups = groupByTime(samples)
    if (groups === undefined) return []
    let known = true
    for (const { refs } of groups) {
      if (refs.length < ROW_SAMPLES_MIN) return []
      known = this.#remember(hashOf(refs)) && known
    }
    // Within a group no series repeats: of two samples at one time only the first was admitted.
    if (!known) return []
    samples.length = 0
    return groups.sort((left, right) => left.at - right.at)
  }

  #remember(hash: number): boolean {
    if (this.#seen.has(hash)) return true
    if (this.#seen.size >= HASHES_MAX) this.#seen = new Set()
    this.#seen.add(hash)
    return false
  }
}

function groupByTime({ refs, times, values, length }: SampleList): FoundRow[] | undefined {
  const distinct: Millis[] = []
  const counts: number[] = []
  const group = new Uint8Array(length)
  let next = 0
  for (let index = 0; index < length; index++) {
    const at = times[index] as number
    // Samples come series by series or time by time: the group after the last one, or the same, is mostly right.
    if (distinct[next] !== at) next = distinct.indexOf(at)
    if (next < 0) {
      if (distinct.length === TIMES_MAX) return undefined
      next = distinct.push(at) - 1
      counts.push(0)
    }
    group[index] = next
    counts[next] = (counts[next] as number) + 1
    if (next + 1 < distinct.length && distinct[next + 1] === times[index + 1]) next++
    else if (distinct[0] === times[index + 1]) next = 0
  }
  const found = distinct.map((at, number) => {
    const count = counts[number] as number
    return { at, refs: new Uint32Array(count), values: new Float64Array(count) }
  })
  const filled = new Uint32Array(distinct.length)
  for (let index = 0; index < length; index++) {
    const number = group[index] as number
    const slot = filled[number] as number
    const row = found[number] as FoundRow
    row.refs[slot] = refs[index] as number
    row.values[slot] = values[index] as number
    filled[number] = slot + 1
  }
  return found
}

function hashOf(refs: Uint32Array): number {
  let hash = refs.length
  for (let index = 0; index < refs.length; index++) hash = (Math.imul(hash, 31) + (refs[index] as number)) | 0
  return hash
}
