// Bytes to a row. The parser tells series of last time again by their bytes, and what it tells is the slot of the
// series: then only the number is read and put into the row. New series take the long way once: labels, relabelling,
// limits, the store's reference. Nothing is written before the whole body was read: a bad one leaves no trace but
// stale markers.

import type { ScrapeConfig } from '@promlet/config'
import { chooseFormat, createParser, type ExpositionFormat, type ExpositionParser, UNKNOWN } from '@promlet/exposition'
import type { Appender, Exemplar, Labels, Millis, SeriesRef } from '@promlet/model'
import { ScrapeError } from './error.ts'
import { type FamilyMetadata, TargetMetadata } from './family-metadata.ts'
import { putReport, reportSlots, resolveReport, type ScrapeReport } from './report.ts'
import { compileSampleLabels, type SampleLabels } from './sample-labels.ts'
import { type SlotMoves, Slots } from './slots.ts'
import { TimedSamples } from './timed-samples.ts'

/** The number of a series that relabelling drops. */
const DROPPED = -2
/** Of a series that is not stored because there are too many. Not remembered. */
const OVER_LIMIT = -3

const NO_NAMES: readonly string[] = []
const NO_BODY = new Uint8Array(0)

/** A sample so far ahead of the clock is refused. Prometheus: scrape.go maxAheadTime. */
const AHEAD_MAX_MS = 600_000

/** What was read from a body. */
export interface Reading {
  scraped: number
  added: number
  seriesAdded: number
  /** Samples that came twice. */
  duplicates: number
  /** Samples too far ahead of the clock. */
  outOfBounds: number
  /** How much went against `sample_limit`. */
  counted: number
}

/** The series of one target and how they are told again. Outlives a restart of the loop that does not change them. */
export class Ingest {
  /** Two jobs with one key make the same series of the same exposition. */
  readonly seriesKey: string
  #config: ScrapeConfig
  readonly #target: Labels
  readonly #sampleLabels: SampleLabels
  readonly #slots: Slots
  readonly #metadata: TargetMetadata
  #timed: TimedSamples
  #exemplars: { readonly slot: number; readonly exemplar: Exemplar }[]
  #parser: ExpositionParser | undefined
  #format: ExpositionFormat | undefined
  /** What `#format` was chosen by. */
  #contentType: string | undefined
  /** True when this batch has a body that was read to its end. */
  #isComplete: boolean

  constructor(config: ScrapeConfig, target: Labels) {
    this.seriesKey = seriesKey(config)
    this.#config = config
    this.#target = target
    this.#sampleLabels = compileSampleLabels(config, target)
    this.#slots = new Slots(reportSlots(config.extraScrapeMetrics === true))
    this.#metadata = new TargetMetadata()
    this.#timed = new TimedSamples()
    this.#exemplars = []
    this.#parser = undefined
    this.#format = undefined
    this.#contentType = undefined
    this.#isComplete = false
  }

  /** Takes a changed job with the same `seriesKey`. */
  reconfigure(config: ScrapeConfig): void {
    this.#config = config
  }

  /** Starts a batch. Every batch ends with `write`. */
  begin(appender: Appender): void {
    const moved = this.#slots.giveUpRetired(appender)
    if (moved !== undefined) this.#renumber(moved)
    if (moved !== undefined || this.#slots.count === 0) resolveReport(this.#slots, this.#target, appender)
    this.#slots.begin()
    this.#timed.count = 0
    this.#exemplars = []
    this.#isComplete = false
  }

  /**
   * Reads a body into the row; what the last one had and this one has not is marked as ended. `now` is the clock's.
   * When it throws, call `endAll`. `reading` counts also what was read before that.
   * @throws ScrapeError, ExpositionError
   */
  read(body: Uint8Array, contentType: string, now: Millis, appender: Appender, reading: Reading): void {
    const slots = this.#slots
    // An empty body is a good scrape without series; its type does not matter.
    if (body.length > 0) {
      const parser = this.#parserFor(contentType)
      try {
        this.#readEntries(parser, body, now, appender, reading)
        parser.keep()
      } finally {
        // So that the parser does not hold the body until the next scrape.
        parser.start(NO_BODY)
      }
      this.#metadata.keep()
      this.#isComplete = true
    }
    slots.endMissing()
  }

  #parserFor(contentType: string): ExpositionParser {
    if (this.#parser !== undefined && this.#contentType === contentType) return this.#parser
    const { format } = chooseFormat(contentType, this.#config.fallbackScrapeProtocol)
    if (this.#parser === undefined || this.#format !== format) this.#parser = createParser(format)
    this.#format = format
    this.#contentType = contentType
    return this.#parser
  }

  #readEntries(parser: ExpositionParser, body: Uint8Array, now: Millis, appender: Appender, reading: Reading): void {
    const { samplesMax } = this.#config.limits
    parser.start(body)
    // Where series have timestamps of their own, none is taken at once.
    let isTimed = false
    for (;;) {
      if (!isTimed) this.#takeKnown(parser, reading)
      const entry = parser.next()
      if (entry === 'end') break
      if (entry === 'comment') continue
      if (entry === 'metadata') {
        this.#metadata.meet(parser)
        continue
      }
      reading.scraped++
      isTimed = !Number.isNaN(parser.timestampMs)
      const { recalled } = parser
      const slot = recalled === UNKNOWN ? this.#newSeries(parser, appender, reading) : recalled
      if (slot === DROPPED) continue
      reading.added++
      const isFirst = slot !== OVER_LIMIT && this.#putSample(parser, slot, now, reading)
      if (isFirst && recalled === UNKNOWN) reading.seriesAdded++
    }
    if (samplesMax > 0 && reading.counted > samplesMax) throw new ScrapeError('limit', 'sample limit exceeded')
  }

  /** Reads over the series that the last body had here too. */
  #takeKnown(parser: ExpositionParser, reading: Reading): void {
    const { values, present } = this.#slots
    const known = { values, present, lines: 0, samples: 0 }
    parser.takeKnown(known)
    reading.scraped += known.lines
    reading.added += known.samples
    reading.counted += known.samples
  }

  /** Finds the slot of a series that the last body did not have. The store is not troubled with series over the limit. */
  #newSeries(parser: ExpositionParser, appender: Appender, reading: Reading): number {
    const { samplesMax } = this.#config.limits
    const labels = this.#sampleLabels(parser.labels(), this.#config.honorLabels ? parser.emptyLabels() : NO_NAMES)
    if (labels !== undefined && samplesMax > 0 && reading.counted >= samplesMax) {
      reading.counted++
      return OVER_LIMIT
    }
    const slot = labels === undefined ? DROPPED : this.#slots.resolve(labels, appender)
    parser.remember(slot)
    return slot
  }

  /** True for the first sample of its series that is stored. */
  #putSample(parser: ExpositionParser, slot: number, now: Millis, reading: Reading): boolean {
    const at = parser.timestampMs
    if (!Number.isNaN(at) && this.#config.honorTimestamps) return this.#putTimed(parser, slot, at, now, reading)
    if (!this.#slots.put(slot, parser.value)) {
      reading.duplicates++
      return false
    }
    reading.counted++
    this.#putExemplars(parser, slot)
    return true
  }

  #putTimed(parser: ExpositionParser, slot: number, at: Millis, now: Millis, reading: Reading): boolean {
    reading.counted++
    if (at > now + AHEAD_MAX_MS) {
      reading.outOfBounds++
      return false
    }
    const isFirst = this.#slots.note(slot, this.#config.trackTimestampsStaleness)
    this.#timed.push(slot, at, parser.value)
    this.#putExemplars(parser, slot)
    return isFirst
  }

  #putExemplars(parser: ExpositionParser, slot: number): void {
    for (const exemplar of parser.exemplars()) this.#exemplars.push({ slot, exemplar })
  }

  /** How many series there are; for `endAll`. */
  get count(): number {
    return this.#slots.count
  }

  /** Takes back what this batch read, and marks what the last one had as ended. `count`: of before the batch. */
  endAll(count: number): void {
    this.#timed.count = 0
    this.#exemplars = []
    this.#slots.endAll(count)
  }

  putReport(report: ScrapeReport, timeoutSeconds: number): void {
    putReport(this.#slots, report, timeoutSeconds, this.#config.limits.samplesMax)
  }

  /** The target is gone: marks all that it had as ended, but for series that `isTaken` says another target has now. */
  endTarget(isTaken: (ref: SeriesRef) => boolean): void {
    this.endAll(this.#slots.count)
    this.#slots.endReserved()
    this.#slots.leaveOut(isTaken)
  }

  /** Writes the batch; gives the families whose metadata is in it. */
  write(appender: Appender, at: Millis): readonly string[] {
    const slots = this.#slots
    slots.write(appender, at)
    this.#timed.write(appender, slots)
    for (const { slot, exemplar } of this.#exemplars) appender.appendExemplar(slots.ref(slot), { at, ...exemplar })
    const metadata = this.#metadata.write(appender)
    // Only then the parser remembers what the slots were last used for.
    const moved = this.#isComplete ? slots.compact() : undefined
    if (moved !== undefined) this.#renumber(moved)
    return metadata
  }

  /** A series that has no slot any more gets `UNKNOWN`: it is new when it comes again. */
  #renumber(moved: SlotMoves): void {
    this.#parser?.renumber((slot) => (slot === DROPPED ? DROPPED : moved(slot)))
  }

  /** What the store says after a batch: these series it does not know. */
  refuse(refs: readonly SeriesRef[]): void {
    this.#slots.refuse(refs)
  }

  /** A batch was lost: its metadata is written again. */
  rewriteMetadata(families: readonly string[]): void {
    this.#metadata.rewrite(families)
  }

  /** True when the last scrape had the series. */
  has(ref: SeriesRef): boolean {
    return this.#slots.has(ref)
  }

  families(): readonly FamilyMetadata[] {
    return this.#metadata.list()
  }

  get metadata(): TargetMetadata {
    return this.#metadata
  }
}

/** The settings that decide which series come of an exposition. */
export function seriesKey(config: ScrapeConfig): string {
  const { honorLabels, honorTimestamps, trackTimestampsStaleness, metricRelabelConfigs, limits, fallbackScrapeProtocol } = config
  const { nameValidation, extraScrapeMetrics } = config
  const { labelsMax, labelNameLengthMax, labelValueLengthMax } = limits
  const labelLimits = [labelsMax, labelNameLengthMax, labelValueLengthMax]
  const honors = [honorLabels, honorTimestamps, trackTimestampsStaleness]
  return JSON.stringify([honors, metricRelabelConfigs, labelLimits, fallbackScrapeProtocol, nameValidation, extraScrapeMetrics])
}
