// What the rules of appending ask of the file: the last sample of a series after a restart, and whether a late sample is
// stored already.

import type { Millis, SeriesRef } from '@promlet/model'
import type { StoredSamples } from './admission.ts'
import { TimeShares } from './assembly.ts'
import type { Piece } from './pieces.ts'
import type { Reader } from './reader.ts'
import { type LastSamples, NEVER } from './ref-pages.ts'
import type { SeriesIndex } from './series-index.ts'

const NOTHING = new Float64Array(1)

export function storedSamples(reader: Reader, index: SeriesIndex, last: LastSamples, histogramMark: Float64Array): StoredSamples {
  return {
    loadLast(refs) {
      const known = Uint32Array.from(new Set(refs.filter((ref) => index.isPending(ref) || index.isStored(ref)))).sort()
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
      const piece = readAt(reader, ref, at)
      if (piece === undefined) return { found: false }
      into.set(piece.values.subarray(0, 1))
      return { found: true, histogram: piece.histograms?.[0] }
    },
  }
}

function readAt(reader: Reader, ref: SeriesRef, at: Millis): Piece | undefined {
  const ids = Uint32Array.of(ref)
  return reader.snapshot((state) => {
    const [planned] = reader.plan({ ids, ordered: ids }, { from: at, to: at }, state, new TimeShares())
    const piece = planned?.read()
    return piece === undefined || piece.times.length === 0 ? undefined : piece
  })
}
