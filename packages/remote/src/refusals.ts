// What a store refuses of a batch, on its way through remote write: as text for people in the words of Prometheus,
// and as a header of our own, from which our sender makes the counts again.

import type { Refusals } from '@promlet/model'

const HEADER = 'x-promlet-refusals'

type Count = 'outOfOrder' | 'duplicate' | 'tooOld' | 'tooFarInFuture' | 'unknownSeries'

/** Prometheus: storage/interface.go. */
const TEXTS: readonly (readonly [count: Count, text: string])[] = [
  ['outOfOrder', 'out of order sample'],
  ['duplicate', 'duplicate sample for timestamp'],
  ['tooOld', 'too old sample'],
  ['tooFarInFuture', 'out of bounds: timestamp is too far in the future'],
  ['unknownSeries', 'unknown series'],
]

export const noRefusals: Refusals = { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: 0, retired: [] }

/** One line per reason, and one that names the first sample. */
export function refusalLines(refusals: Refusals): readonly string[] {
  const lines: string[] = []
  for (const [count, text] of TEXTS) if (refusals[count] > 0) lines.push(`${text} (${refusals[count]} refused)`)
  if (lines.length > 0 && refusals.example !== undefined) lines.push(refusals.example)
  return lines
}

/** Only where all that is wrong with the request is what the header counts. */
export function writeRefusals(refusals: Refusals, problems: number): Record<string, string> {
  if (problems > 0) return {}
  const counts = TEXTS.filter(([count]) => refusals[count] > 0).map(([count]) => `${count}=${refusals[count]}`)
  return { [HEADER]: counts.join(', ') }
}

/** The counts of an answer with status 400, when the receiver is one of ours. */
export function readRefusals(headers: Readonly<Record<string, string>>, body: string): Refusals | undefined {
  const text = headers[HEADER]
  if (text === undefined) return undefined
  const counts = { outOfOrder: 0, duplicate: 0, tooOld: 0, tooFarInFuture: 0, unknownSeries: 0 }
  for (const part of text.split(',')) {
    const [name = '', count] = part.trim().split('=')
    if (Object.hasOwn(counts, name)) counts[name as Count] = Number(count)
  }
  return { ...counts, retired: [], example: body.trim() }
}
