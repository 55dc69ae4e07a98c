// Whether a store is whole: SQLite's own check, and ours: every blob decodes, and counts and the index agree.

import type { Database } from '@promlet/sqlite'
import { type BatchRecord, decodeBatch, samplesIn } from './batch.ts'
import type { Block } from './blocks.ts'
import { readChunk } from './chunk.ts'
import { EVERY_SERIES } from './postings.ts'
import type { Reader } from './reader.ts'
import type { State } from './snapshot-state.ts'

export interface StoreVerification {
  readonly batches: number
  readonly blocks: number
  readonly chunks: number
  readonly series: number
  /** That can be read. */
  readonly samples: number
  /** That there should be, as far as batches and blocks still say. */
  readonly samplesStored: number
  /** One sentence each; none in a store that is whole. */
  readonly problems: readonly string[]
  /** Problems that are not listed any more. */
  readonly moreProblems: number
}

/** At most so many problems are listed. */
const PROBLEMS_MAX = 100

/** Reads everything, as far as it can be read. `known` is what was found when the store was opened. */
export function verify(database: Database, reader: Reader, known: readonly Error[] = []): StoreVerification {
  const problems = known.map(textOf)
  let moreProblems = 0
  const report = (problem: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem)
    else moreProblems++
  }
  const attempt = <T>(what: string, read: () => T, otherwise: T): T => {
    try {
      return read()
    } catch (error) {
      report(`${what}: ${textOf(error)}`)
      return otherwise
    }
  }
  // It mostly reports, but some damage keeps it from going on.
  const lines = attempt('SQLite', () => database.pragma('integrity_check') as { integrity_check: string }[], [])
  for (const line of lines) if (line.integrity_check !== 'ok') report(`SQLite: ${line.integrity_check}`)
  const read = (state: State) => {
    const recent: BatchCounts = { batches: 0, samples: 0, stored: 0 }
    attempt('the batches', () => verifyBatches(database, state, report, recent), undefined)
    const blocks = attempt('the list of blocks', () => reader.blocks.of(state), [])
    let chunks = 0
    let { samples, stored } = recent
    for (const block of blocks) {
      const counted = verifyBlock(reader, block, report)
      chunks += counted.chunks
      samples += counted.samples
      stored += block.samples
    }
    const series = attempt('the index', () => verifyIndex(reader, state, report), 0)
    return { batches: recent.batches, blocks: blocks.length, chunks, series, samples, samplesStored: stored }
  }
  const nothing = { batches: 0, blocks: 0, chunks: 0, series: 0, samples: 0, samplesStored: 0 }
  const counts = attempt('the state of the store', () => reader.snapshot(read), nothing)
  return { ...counts, problems, moreProblems }
}

interface BatchCounts {
  batches: number
  samples: number
  stored: number
}

type Report = (problem: string) => void

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function verifyBatches(database: Database, { batchFloor, batchMax }: State, report: Report, counts: BatchCounts): void {
  const read = database.prepare<[number, number], BatchRecord>('SELECT * FROM batch WHERE id > ? AND id <= ? ORDER BY id LIMIT 100')
  for (let after = batchFloor; ; ) {
    const records = read.all(after, batchMax)
    for (const record of records) {
      after = record.id
      counts.batches++
      counts.stored += record.samples
      try {
        const batch = decodeBatch(record)
        counts.samples += samplesIn(batch)
        if (samplesIn(batch) !== record.samples) report(`batch ${record.id}: it says ${record.samples} samples and has ${samplesIn(batch)}`)
      } catch (error) {
        report(textOf(error))
      }
    }
    if (records.length === 0) return
  }
}

function verifyBlock(reader: Reader, block: Block, report: Report): { chunks: number; samples: number } {
  let chunks = 0
  let samples = 0
  const take = (id: number, from: number, to: number, count: number) => {
    chunks++
    samples += count
    if (from < block.from || to > block.to) report(`block ${block.id}: series ${id} has samples outside the block's span`)
  }
  try {
    const ids = reader.blocks.series(block)
    if (ids.length !== block.series) report(`block ${block.id}: it says ${block.series} series and its set has ${ids.length}`)
    for (let start = 0; start < ids.length; start += 500) {
      const part = ids.subarray(start, start + 500)
      const open = (id: number, error: unknown) => report(`block ${block.id}, series ${id} ${namedSeries(reader, id)}: ${textOf(error)}`)
      reader.blocks.read(
        block,
        part,
        (id, chunk) => {
          const { times } = decoded(() => readChunk(chunk.reader, chunk.times), id, open) ?? { times: new Float64Array(0) }
          if (times.length > 0) take(id, times[0] as number, times.at(-1) as number, times.length)
        },
        open,
      )
    }
  } catch (error) {
    report(`block ${block.id}: ${textOf(error)}`)
  }
  if (samples !== block.samples) report(`block ${block.id}: it says ${block.samples} samples, ${samples} can be read`)
  return { chunks, samples }
}

/** Its labels, where these can be read. */
function namedSeries(reader: Reader, id: number): string {
  try {
    return `${reader.labels.of(id)}`
  } catch {
    return '(its labels cannot be read)'
  }
}

function decoded<T>(read: () => T, id: number, failed: (id: number, error: unknown) => void): T | undefined {
  try {
    return read()
  } catch (error) {
    failed(id, error)
    return undefined
  }
}

/** Every series is in the lists of its pairs, and every list has only series that exist. */
function verifyIndex(reader: Reader, state: State, report: Report): number {
  try {
    const all = reader.postings.ofPair(EVERY_SERIES, state)
    let entries = 0
    for (const id of all) {
      const labels = reader.labels.find(id)
      if (labels === undefined) report(`series ${id}: it is in the index and not in the table of series`)
      else entries += labels.size
    }
    const listed = reader.postings.entryCount()
    if (listed !== entries) report(`the index lists ${listed} label pairs of series, the series have ${entries}`)
    return all.length
  } catch (error) {
    report(`the index: ${textOf(error)}`)
    return 0
  }
}
