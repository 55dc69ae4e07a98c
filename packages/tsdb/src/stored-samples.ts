// What the rules of appending ask of the file: the last sample of a series after a restart, and whether a late sample is
// stored already.

import type { Millis, SeriesRef } from '@promlet/model'
import type { StoredSamples } from './admission.ts'
import { TimeShares } from './assembly.ts'
import { StorageError } from './error.ts'
import { lowerBound, type Piece } from './pieces.ts'
import type { Reader } from './reader.ts'
import { type LastSamples, NEVER } from './ref-pages.ts'
import type { SeriesIndex } from './series-index.ts'

const NOTHING = new Float64Array(1)
/** More samples than these are not read ahead, but asked for one by one. */
const AHEAD_SAMPLES_MAX = 500_000

/** What was read ahead: all samples of these series in the range. */
interface Ahead {
  readonly refs: ReadonlySet<SeriesRef>
  readonly from: Millis
  readonly to: Millis
  readonly pieces: ReadonlyMap<SeriesRef, Piece>
}

export function storedSamples(reader: Reader, index: SeriesIndex, last: LastSamples, histogramMark: Float64Array): StoredSamples {
  let ahead: Ahead | undefined
  return {
    loadLast(refs) {
      const distinct = [...new Set(refs)]
      // The file has nothing of a new series, and looking through all blocks for it would cost more the older the store is.
      for (const ref of distinct) if (index.isPending(ref)) last.set(ref, NEVER, NOTHING, 0)
      const known = Uint32Array.from(distinct.filter((ref) => !index.isPending(ref) && index.isStored(ref))).sort()
      for (const ref of known) last.set(ref, NEVER, NOTHING, 0)
      if (known.length === 0) return
      reader.snapshot((state) => {
        for (const [column, piece] of reader.newest(known, state).entries()) {
          if (piece === undefined) continue
          const at = piece.times.length - 1
          const isFloat = piece.histograms?.[at] === undefined
          last.set(known[column] as number, piece.times[at] as number, isFloat ? piece.values : histogramMark, isFloat ? at : 0)
        }
      })
    },

    sampleAt(ref, at, into) {
      const isAhead = ahead !== undefined && at >= ahead.from && at <= ahead.to && ahead.refs.has(ref)
      const piece = isAhead ? ahead?.pieces.get(ref) : readAt(reader, ref, at)
      const index = piece === undefined ? 0 : lowerBound(piece.times, at)
      if (piece === undefined || piece.times[index] !== at) return { found: false }
      into.set(piece.values.subarray(index, index + 1))
      return { found: true, histogram: piece.histograms?.[index] }
    },

    ahead(refs, from, to) {
      ahead = refs.length > 1 || from < to ? readAhead(reader, refs, from, to) : undefined
      return {
        [Symbol.dispose]() {
          ahead = undefined
        },
      }
    },
  }
}

function readAt(reader: Reader, ref: SeriesRef, at: Millis): Piece | undefined {
  const ids = Uint32Array.of(ref)
  return reader.snapshot((state) => {
    const [planned] = reader.plan({ ids, ordered: ids }, { from: at, to: at }, state, new TimeShares())
    return planned?.read()
  })
}

/** Undefined when it would be too much, or when something is damaged: that matters only to those who ask for the very sample. */
function readAhead(reader: Reader, refs: Uint32Array, from: Millis, to: Millis): Ahead | undefined {
  try {
    return reader.snapshot((state) => {
      const planned = reader.plan({ ids: refs, ordered: refs }, { from, to }, state, new TimeShares())
      if (planned.reduce((sum, { samples }) => sum + samples, 0) > AHEAD_SAMPLES_MAX) return undefined
      return { refs: new Set(refs), from, to, pieces: new Map(planned.map((one) => [one.id, one.read()])) }
    })
  } catch (error) {
    if (error instanceof StorageError && error.code === 'corrupt') return undefined
    throw error
  }
}
