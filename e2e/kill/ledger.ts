// What the client knows: which requests it sent and which of them were acknowledged, which samples it had deleted, and
// which scrapes a query has shown it. After a kill the store's content is held against it.

import { isStaleAt, type SeriesColumns, staleColumn } from '@promlet/model'

/** The shape of every request of a writer: rows over many series, single samples, a late one, histograms, a new series. */
export const WIDE = 100
export const ROWS = 16
const STALE = staleColumn(1)

export interface Sent {
  readonly writer: string
  /** Different for each request of a writer. */
  readonly number: number
  /** Of its first row; the others follow in steps of a millisecond. The single samples have that of the last row. */
  readonly at: number
  readonly lateAt: number
  /**
   * `unknown` until the next look at the store, which tells whether it was stored whole or not at all; `refused` when it
   * was so slow on its way that some of it was beyond the retention time.
   */
  state: 'acknowledged' | 'refused' | 'unknown' | 'absent'
}

export interface Deletion {
  readonly writer: string
  readonly from: number
  readonly to: number
  readonly isAcknowledged: boolean
}

export interface Ledger {
  sent: Sent[]
  deletions: Deletion[]
  /** Times of scrapes that a query has shown, by target. */
  scrapes: Map<string, Set<number>>
  /** What is older may have left the store. */
  floor: number
  /** Acknowledged so far, also those that have expired since. */
  requests: number
}

export function newLedger(): Ledger {
  return { sent: [], deletions: [], scrapes: new Map(), floor: -Infinity, requests: 0 }
}

/** The value of a sample, in one slot, with its bits: some are stale markers. */
export function valueAt(series: number, at: number): Float64Array {
  if ((at + series) % 97 === 0) return STALE
  return Float64Array.of(series % 3 === 0 ? at % 1000 : (series + at) / 7)
}

function isValueAt(series: number, at: number, values: Float64Array, index: number): boolean {
  const expected = valueAt(series, at)
  return expected === STALE ? isStaleAt(values, index) : values[index] === expected[0]
}

/** Everything in the store as it has to be according to the ledger, one sentence per fault. Settles what was unknown. */
export function compare(ledger: Ledger, stored: readonly SeriesColumns[]): string[] {
  const faults: string[] = []
  const byWriter = new Map<string, Map<string, SeriesColumns>>()
  for (const columns of stored) {
    const writer = columns.labels.get('writer')
    const own = byWriter.get(writer) ?? new Map<string, SeriesColumns>()
    byWriter.set(writer, own)
    own.set(`${columns.labels.get('__name__')}/${columns.labels.get('slot')}`, columns)
  }
  for (const sent of ledger.sent) if (sent.state !== 'refused') checkRequest(sent, ledger, new Finder(byWriter.get(sent.writer)), faults)
  checkNothingElse(ledger, stored, faults)
  checkScrapes(ledger, stored, faults)
  return faults
}

/** Finds samples of one writer by name and slot. */
class Finder {
  readonly #series: ReadonlyMap<string, SeriesColumns> | undefined

  constructor(series: ReadonlyMap<string, SeriesColumns> | undefined) {
    this.#series = series
  }

  /** 1 when the sample is there and right, 0 when it is not there, -1 when it is wrong. */
  float(name: string, slot: number, at: number): number {
    const columns = this.#series?.get(`${name}/${slot}`)
    const index = columns === undefined ? -1 : indexOf(columns.times, at)
    if (columns === undefined || index < 0) return 0
    return isValueAt(slot, at, columns.values, index) ? 1 : -1
  }

  histogram(slot: number, at: number): number {
    const columns = this.#series?.get(`distribution/${slot}`)
    const index = columns === undefined ? -1 : indexOf(columns.times, at)
    if (columns === undefined || index < 0) return 0
    const found = columns.histograms?.[index]
    return found?.count === slot + 2 && found.sum === at % 1000 && found.positiveBuckets[0] === slot + 1 ? 1 : -1
  }
}

function checkRequest(sent: Sent, ledger: Ledger, find: Finder, faults: string[]): void {
  const { writer, number, at, lateAt } = sent
  const last = at + ROWS - 1
  let present = 0
  let absent = 0
  const wrong: string[] = []
  const count = (name: string, slot: number, time: number, found: number) => {
    if (found < 0) wrong.push(`${name}/${slot} at ${time} is wrong`)
    else if (found > 0) present++
    else if (time >= ledger.floor) {
      absent++
      if (wrong.length < 3) wrong.push(`${name}/${slot} at ${time} is missing`)
    }
  }
  for (let row = 0; row < ROWS; row++)
    for (let slot = 0; slot < WIDE; slot++) count('wide', slot, at + row, find.float('wide', slot, at + row))
  for (let slot = 0; slot < 10; slot++) count('single', slot, last, find.float('single', slot, last))
  for (let slot = 0; slot < 3; slot++) count('distribution', slot, last, find.histogram(slot, last))
  count('late', 0, lateAt, find.float('late', 0, lateAt))
  count('churn', number, last, find.float('churn', number, last))
  const erased = ledger.deletions.filter((one) => one.writer === writer && one.from <= last && one.to >= last)
  for (let slot = 0; slot < 5; slot++) {
    const found = find.float('victim', slot, last)
    if (erased.length === 0) count('victim', slot, last, found)
    else if (found !== 0 && erased.some(({ isAcknowledged }) => isAcknowledged)) wrong.push(`victim/${slot} at ${last} came back`)
  }
  const name = `request ${number} of ${writer} (${sent.state})`
  if (sent.state === 'absent' && present > 0) faults.push(`${name}: ${present} of its samples have appeared`)
  else if (present > 0 && absent > 0) faults.push(`${name}: ${present} of its samples are there and ${absent} are not: ${wrong.join(', ')}`)
  else if (sent.state === 'acknowledged' && absent > 0) faults.push(`${name}: it is lost`)
  else if (wrong.length > absent) faults.push(`${name}: ${wrong.join(', ')}`)
  if (sent.state === 'unknown') sent.state = present > 0 ? 'acknowledged' : 'absent'
}

/** No sample that nobody sent: the count of each writer's rows is that of its requests. */
function checkNothingElse({ sent, floor }: Ledger, stored: readonly SeriesColumns[], faults: string[]): void {
  const known = new Map<string, Set<number>>()
  for (const { writer, at, state } of sent) {
    if (state === 'absent') continue
    const times = known.get(writer) ?? new Set<number>()
    known.set(writer, times)
    for (let row = 0; row < ROWS; row++) times.add(at + row)
  }
  for (const { labels, times } of stored) {
    if (labels.get('__name__') !== 'wide') continue
    const strange = times.filter((at) => at >= floor && known.get(labels.get('writer'))?.has(at) !== true)
    if (strange.length > 0) faults.push(`${labels}: ${strange.length} samples that were never sent, the first at ${strange[0]}`)
  }
}

/** All series of a scrape have its time and its number, and what was seen is still there. */
function checkScrapes({ scrapes, floor }: Ledger, stored: readonly SeriesColumns[], faults: string[]): void {
  const targets = new Map<string, SeriesColumns[]>()
  for (const columns of stored) {
    if (columns.labels.get('__name__') !== 'probe') continue
    const target = columns.labels.get('instance')
    targets.set(target, [...(targets.get(target) ?? []), columns])
  }
  for (const [target, all] of targets) {
    const [first] = all as [SeriesColumns]
    for (const { labels, times, values } of all) {
      const isSame =
        times.length === first.times.length &&
        times.every((at, index) => at === first.times[index] && Object.is(values[index], first.values[index]))
      if (!isSame) faults.push(`${labels}: a scrape is half there: ${times.length} samples beside ${first.times.length}`)
    }
    const found = new Set(first.times)
    const lost = [...(scrapes.get(target) ?? [])].filter((at) => at >= floor && !found.has(at))
    if (lost.length > 0) faults.push(`${target}: ${lost.length} scrapes that were seen are lost, the first at ${lost[0]}`)
  }
}

function indexOf(times: Float64Array, at: number): number {
  let low = 0
  let high = times.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const time = times[middle] as number
    if (time === at) return middle
    if (time < at) low = middle + 1
    else high = middle - 1
  }
  return -1
}
