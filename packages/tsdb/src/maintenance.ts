// What the store does beside commits and queries: batches into blocks, small blocks into larger ones, late samples into
// their place, expired data out, dead rows out, free pages back, the log emptied. One thing at a time, in slices of some
// milliseconds, each a turn of its own on the clock.

import type { Clock, DurationMs, TimeRange } from '@promlet/model'
import { type Database, inPhase } from '@promlet/sqlite'
import type { Logger } from '@promlet/telemetry'
import { BlockWriter } from './block-builder.ts'
import type { Block } from './blocks.ts'
import { Compactor, inSlices, type Slices } from './compaction.ts'
import { asStorageError } from './error.ts'
import type { LogKeeper } from './log-keeper.ts'
import { blocksToMerge } from './merge-plan.ts'
import type { Reader } from './reader.ts'
import type { BatchLoad } from './recent-batches.ts'
import { expiredBlocks, SeriesRemover, surplusBlocks } from './retention.ts'
import { Rewriter } from './rewrite.ts'
import { Sweeper } from './sweep.ts'
import type { Writer, WriterLimits } from './writer.ts'

/** Batches become a block when any of these is reached. */
const ROWS_PER_LAYOUT = 120
const SINGLE_SAMPLES = 250_000
const BATCHES = 5_000
const BYTES = 64 * 2 ** 20
/** The age of the oldest batch from which on batches become a block. */
const AGE_MS: DurationMs = 3_600_000
/** When the store is quiet, less is enough: this much memory, or samples that span so much time. */
const QUIET_BYTES = 2 ** 20
const QUIET_SPAN_MS: DurationMs = 3_600_000
/** At this many times the above a commit waits for the block, so that batches are bounded whatever the clock does. */
const PRESSURE_MAX = 2
/** The store counts as quiet when there was no commit for so long. */
const QUIET_MS: DurationMs = 1_000
/** After a failure, such as a full disk, nothing is tried for so long. */
const PAUSE_MS: DurationMs = 30_000
/** Slices that closing still does to leave a small file. */
const CLOSING_SLICES = 500

export interface MaintenanceLimits extends WriterLimits {
  retentionSizeBytes: number
}

/** What it tells the metrics. */
export interface MaintenanceEvents {
  compacted(seconds: number): void
  failed(): void
  /** Blocks that left because of the retention time, or size. */
  expired(reason: 'time' | 'size', blocks: number): void
  removedSeries(count: number): void
  /** Something cannot be read and is left out or left alone. */
  damaged(error: unknown): void
}

export interface MaintenanceOptions {
  readonly database: Database
  readonly reader: Reader
  readonly writer: Writer
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: MaintenanceLimits
  /** Absent in memory, where there is no log. */
  readonly log: LogKeeper | undefined
  readonly events: MaintenanceEvents
}

export class Maintenance {
  readonly #reader: Reader
  readonly #writer: Writer
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #limits: MaintenanceLimits
  readonly #log: LogKeeper | undefined
  readonly #events: MaintenanceEvents
  readonly #compactor: Compactor
  readonly #rewriter: Rewriter
  readonly #remover: SeriesRemover
  readonly #sweeper: Sweeper
  readonly #closing = new AbortController()
  /** The work in progress; whoever has a turn takes its next step. */
  #work: Slices | undefined
  #workMs = 0
  #requested: Promise<void> = Promise.resolve()
  #timer: Disposable | undefined
  #running = false
  #quietTimer: Disposable | undefined
  #lastCommit: DurationMs
  #batchesSince: DurationMs
  #pausedUntil: DurationMs = -Infinity
  // A crash may have left dead rows behind, so a start looks for them.
  #deadSeries = false
  #deadRows = true
  #compactAll = false
  #giveBack = false
  readonly #damagedBlocks = new Set<number>()

  constructor({ database, reader, writer, clock, logger, limits, log, events }: MaintenanceOptions) {
    this.#reader = reader
    this.#writer = writer
    this.#clock = clock
    this.#logger = logger
    this.#limits = limits
    this.#log = log
    this.#events = events
    const blockWriter = new BlockWriter(database)
    this.#compactor = new Compactor(database, reader, blockWriter)
    this.#rewriter = new Rewriter(reader, blockWriter, this.#compactor)
    this.#remover = new SeriesRemover(database, reader)
    this.#sweeper = new Sweeper(database, reader)
    log?.limit(limits.retentionSizeBytes)
    this.#lastCommit = clock.monotonic()
    this.#batchesSince = clock.monotonic()
  }

  /** Commits wait for it before they write, when it is defined. */
  get gate(): Promise<void> | undefined {
    return this.#log?.gate
  }

  /** Call it after every commit, with about as many bytes as it wrote. */
  committed(bytes: number): void {
    this.#lastCommit = this.#clock.monotonic()
    const pressure = this.#pressure()
    if (pressure >= PRESSURE_MAX) this.#relieve()
    if (pressure >= 1) this.#start()
    this.#armQuiet()
    // Last, since it may start to empty the log, and then nothing may be written in this turn.
    this.#log?.wrote(bytes)
  }

  /** Call it after the limits have changed. */
  limitsChanged(): void {
    this.#log?.limit(this.#limits.retentionSizeBytes)
    this.#deadRows = true
    this.#start()
  }

  /** Does everything that there is to do, batches into blocks first, whether it is due or not. */
  compactNow(): Promise<void> {
    return this.#request(() => {
      this.#compactAll = true
      this.#giveBack = true
      return this.#everything()
    })
  }

  /** Takes samples of series (increasing) out of the store for good. */
  delete(ids: Uint32Array, range: TimeRange): Promise<void> {
    return this.#request(() => {
      this.#compactAll = true
      return this.#delete(ids, range)
    })
  }

  usedBytes(): number {
    return this.#sweeper.usedBytes()
  }

  /** Stops; what was in progress is left and swept. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#timer?.[Symbol.dispose]()
    this.#quietTimer?.[Symbol.dispose]()
    await this.#requested.catch(() => {})
    await this.#log?.close()
    this.#work = undefined
    try {
      let slices = 0
      for (const work of [this.#sweep(), this.#sweeper.vacuum(true)]) {
        while (slices++ < CLOSING_SLICES && work.next().done !== true);
      }
    } catch (err) {
      this.#logger.warn({ err }, 'the store could not be tidied while it was closed')
    }
  }

  #pressure(): number {
    const load = this.#load()
    if (load.batches === 0) {
      this.#batchesSince = this.#clock.monotonic()
      return 0
    }
    const age = this.#clock.monotonic() - this.#batchesSince
    return Math.max(
      load.rowsMax / ROWS_PER_LAYOUT,
      load.singles / SINGLE_SAMPLES,
      load.batches / BATCHES,
      load.bytes / BYTES,
      // Age alone never holds a commit up.
      Math.min(1, age / AGE_MS),
    )
  }

  #load(): BatchLoad {
    const known = this.#reader.batches.loadUpTo(this.#writer.batchMax)
    if (known !== undefined) return known
    return this.#reader.snapshot((state) => this.#reader.batches.load(state))
  }

  #start(): void {
    if (this.#timer !== undefined || this.#running || this.#closing.signal.aborted) return
    this.#timer = this.#clock.setTimer(0, () => {
      this.#timer = undefined
      return this.#run()
    })
  }

  /** Runs what is due, slice by slice. */
  async #run(): Promise<void> {
    if (this.#running || this.#clock.monotonic() < this.#pausedUntil) return
    this.#running = true
    try {
      for (;;) {
        await this.#requested
        await this.#log?.gate
        if (this.#closing.signal.aborted) return
        this.#work ??= this.#next()
        if (this.#work === undefined) return
        this.#step()
        this.#log?.worked()
        await this.#clock.sleep(0, this.#closing.signal)
      }
    } catch (err) {
      if (!this.#closing.signal.aborted) this.#fail(err)
    } finally {
      this.#running = false
    }
  }

  /** Takes one step of the work in progress. */
  #step(): void {
    const work = this.#work
    if (work === undefined) return
    const start = this.#clock.monotonic()
    try {
      if (work.next().done === true && this.#work === work) this.#work = undefined
    } catch (error) {
      this.#work = undefined
      throw error
    } finally {
      this.#workMs += this.#clock.monotonic() - start
    }
  }

  #fail(err: unknown): void {
    this.#events.failed()
    this.#deadRows = true
    this.#pausedUntil = this.#clock.monotonic() + PAUSE_MS
    this.#logger.error({ err }, 'compaction failed; it is tried again later')
  }

  /** The next thing that is due. */
  #next(): Slices | undefined {
    if (this.#compactAll || this.#pressure() >= 1) {
      this.#compactAll = false
      if (this.#load().batches > 0) return this.#compact(this.#compactor.batches())
    }
    const blocks = this.#reader.snapshot((state) => this.#reader.blocks.of(state))
    const late = blocks.find((block) => block.late === 1 && !this.#damagedBlocks.has(block.id))
    if (late !== undefined) return this.#compact(this.#unlessDamaged([late], this.#rewriter.absorb(late)))
    const small = blocksToMerge(blocks, this.#damagedBlocks)
    if (small !== undefined) return this.#compact(this.#unlessDamaged(small, this.#compactor.merge(small)))
    if (this.#expire()) return this.#next()
    if (this.#deadSeries) return this.#removeSeries()
    if (this.#deadRows) return this.#sweep()
    if (this.#giveBack) {
      this.#giveBack = false
      return inSlices('sweep', this.#sweeper.vacuum(true))
    }
    return undefined
  }

  *#everything(): Slices {
    for (let work = this.#next(); work !== undefined; work = this.#next()) yield* work
  }

  *#compact(work: Slices): Slices {
    this.#workMs = 0
    yield* inSlices('compaction', work)
    this.#deadRows = true
    this.#batchesSince = this.#clock.monotonic()
    this.#events.compacted(this.#workMs / 1000)
  }

  /** Blocks that cannot be read whole are left alone from then on, so that they do not keep the others from their turn. */
  *#unlessDamaged(blocks: readonly Block[], work: Slices): Slices {
    try {
      yield* work
    } catch (error) {
      if (asStorageError(error, 'the store').code !== 'corrupt') throw error
      for (const { id } of blocks) this.#damagedBlocks.add(id)
      this.#events.damaged(error)
    }
  }

  *#delete(ids: Uint32Array, range: TimeRange): Slices {
    yield* this.#everything()
    yield* inSlices('deletion', this.#rewriter.delete(ids, range))
    // The last samples of these series may be others now.
    for (const id of ids) this.#writer.last.forget(id)
    this.#deadRows = true
    this.#deadSeries = true
    yield* this.#everything()
  }

  #expire(): boolean {
    const blocks = this.#reader.snapshot((state) => this.#reader.blocks.of(state))
    const { retentionTimeMs, retentionSizeBytes } = this.#limits
    const expired = expiredBlocks(blocks, this.#writer.newest, retentionTimeMs)
    // What is dead still fills pages, so size is looked at when these are swept.
    const surplus = retentionSizeBytes > 0 && !this.#deadRows ? surplusBlocks(blocks, this.#takenBytes(), retentionSizeBytes) : []
    if (expired.length + surplus.length === 0) return false
    inPhase('retention', () => this.#compactor.remove([...new Set([...expired, ...surplus])]))
    this.#deadRows = true
    this.#deadSeries = true
    this.#events.expired('time', expired.length)
    this.#events.expired('size', surplus.length)
    return true
  }

  /** Database and log, as they count against the retention size. */
  #takenBytes(): number {
    return this.#sweeper.usedBytes() + (this.#log?.takenBytes() ?? 0)
  }

  *#removeSeries(): Slices {
    const removed = (refs: Uint32Array) => {
      this.#writer.forget(refs)
      this.#events.removedSeries(refs.length)
    }
    yield* inSlices('retention', this.#remover.remove(removed))
    this.#deadSeries = false
  }

  *#sweep(): Slices {
    yield* inSlices('sweep', this.#sweeper.sweep(this.#writer.layouts, this.#limits.exemplarsMax))
    this.#writer.trim()
    yield* inSlices('sweep', this.#sweeper.vacuum(false))
    this.#deadRows = false
  }

  /** Makes a block of the batches in this very turn. */
  #relieve(): void {
    if (this.#clock.monotonic() < this.#pausedUntil) return
    try {
      while (this.#work !== undefined) this.#step()
      this.#work = this.#compact(this.#compactor.batches())
      while (this.#work !== undefined) this.#step()
    } catch (err) {
      this.#fail(err)
    }
  }

  /** Does what someone waits for: in turns of the event loop, since the clock may stand still. One request after the other. */
  #request(make: () => Slices): Promise<void> {
    const before = this.#requested
    const done = (async () => {
      await before.catch(() => {})
      await this.#finish()
      let failure: unknown
      const work = (function* () {
        try {
          yield* make()
        } catch (error) {
          failure = error ?? new Error('unknown failure')
        }
      })()
      this.#work = work
      await this.#finish()
      if (failure !== undefined) throw failure
    })()
    this.#requested = done.catch(() => {})
    return done
  }

  async #finish(): Promise<void> {
    while (this.#work !== undefined) {
      await this.#log?.gate
      this.#step()
      this.#log?.worked()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  #armQuiet(): void {
    if (this.#quietTimer !== undefined || this.#closing.signal.aborted) return
    this.#quietTimer = this.#clock.setTimer(QUIET_MS, async () => {
      this.#quietTimer = undefined
      if (this.#clock.monotonic() - this.#lastCommit < QUIET_MS) this.#armQuiet()
      else await this.#whenQuiet()
    })
  }

  async #whenQuiet(): Promise<void> {
    const { bytes, from, to } = this.#load()
    if (bytes >= QUIET_BYTES || to - from >= QUIET_SPAN_MS) this.#compactAll = true
    this.#giveBack = true
    await this.#run()
    await this.#log?.quiet()
  }
}
