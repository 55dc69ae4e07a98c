// Keeps SQLite's log short. A worker moves its pages into the database while commits go on; only when the log has grown
// large all the same, because commits never paused, or when the store falls quiet, the log is emptied for good, and commits
// are held back for the milliseconds that this takes.

import { statSync } from 'node:fs'
import type { Clock, DurationMs } from '@promlet/model'
import { type Checkpointer, createCheckpointer } from '@promlet/sqlite'
import type { Logger } from '@promlet/telemetry'
import { PAGE_BYTES } from './schema.ts'

/** The log is moved when it has grown by this much. */
const MOVE_BYTES = 4 * 2 ** 20
/** Having written so much, the store will soon need the worker, which takes a tenth of a second to start. */
const PREPARE_BYTES = MOVE_BYTES / 16
/** Above it commits wait until it is empty. */
const LOG_BYTES_MAX = 32 * 2 ** 20
/** The part of a store of limited size that the log may take. */
const LOG_SHARE_MAX = 1 / 8
/** A shorter one may stay when the store falls quiet. */
const QUIET_BYTES_MAX = 256 * 1024
/** On a full disk it is emptied at most so often. */
const NO_ROOM_MS: DurationMs = 10_000

export class LogKeeper {
  readonly #logPath: string
  readonly #checkpointer: Checkpointer
  readonly #clock: Clock
  readonly #logger: Logger
  #noRoomSince: DurationMs = -Infinity
  #bytesMax = LOG_BYTES_MAX
  #grown = 0
  /** Its size when work in the background last had it moved. */
  #sizeMoved = 0
  #moving: Promise<void> | undefined
  #emptying: Promise<void> | undefined
  failures = 0

  constructor(path: string, clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logPath = `${path}-wal`
    this.#checkpointer = createCheckpointer(path)
    this.#logger = logger
  }

  /** Commits wait for it before they write, when it is defined. */
  get gate(): Promise<void> | undefined {
    return this.#emptying
  }

  /** Tells how large the store may grow, with its log; 0 is no limit. */
  limit(storeBytesMax: number): void {
    this.#bytesMax = storeBytesMax > 0 ? Math.min(LOG_BYTES_MAX, storeBytesMax * LOG_SHARE_MAX) : LOG_BYTES_MAX
  }

  /** Tells that about as many bytes were written by a commit. */
  wrote(bytes: number): void {
    // However little it is, the log gets whole pages.
    this.#grown += bytes + PAGE_BYTES
    if (this.#grown > PREPARE_BYTES) this.#checkpointer.prepare()
    // Small commits write whole pages: where room is short, the file tells more exactly.
    const isLong = this.#bytesMax < LOG_BYTES_MAX && this.size() > this.#bytesMax / 2
    if ((this.#grown < MOVE_BYTES && !isLong) || this.#moving !== undefined || this.#emptying !== undefined) return
    this.#grown = 0
    if (this.size() > this.#bytesMax) void this.#empty()
    else void this.#move()
  }

  /** Tells that work in the background has written, nobody knows how much. */
  worked(): void {
    if (this.#moving !== undefined || this.#emptying !== undefined) return
    const size = this.size()
    if (size < this.#sizeMoved) this.#sizeMoved = 0
    if (size > this.#bytesMax) void this.#empty()
    else if (size - this.#sizeMoved >= MOVE_BYTES) {
      this.#sizeMoved = size
      void this.#move()
    }
  }

  /** A commit found the disk full. The log has many versions of a page and the database one: emptying it may make room. */
  noRoom(): void {
    const now = this.#clock.monotonic()
    if (now - this.#noRoomSince < NO_ROOM_MS || this.#moving !== undefined || this.#emptying !== undefined) return
    this.#noRoomSince = now
    void this.#empty()
  }

  /** Empties the log if it is worth it. The caller has made sure that the store is quiet. */
  async quiet(): Promise<void> {
    await this.#moving
    if (this.size() > QUIET_BYTES_MAX) await this.#empty()
  }

  /** What of a limited store it may take: its size, or what it will soon be cut to. */
  takenBytes(): number {
    return Math.min(this.size(), this.#bytesMax)
  }

  size(): number {
    return statSync(this.#logPath, { throwIfNoEntry: false })?.size ?? 0
  }

  async close(): Promise<void> {
    await this.#moving
    await this.#emptying
    await this.#checkpointer.close()
  }

  #move(): Promise<void> {
    this.#moving = this.#run('passive').finally(() => {
      this.#moving = undefined
    })
    return this.#moving
  }

  #empty(): Promise<void> {
    this.#emptying ??= this.#run('truncate').finally(() => {
      this.#emptying = undefined
    })
    return this.#emptying
  }

  async #run(mode: 'passive' | 'truncate'): Promise<void> {
    try {
      await this.#checkpointer.checkpoint(mode)
    } catch (err) {
      this.failures++
      this.#logger.warn({ err, mode }, 'checkpoint failed')
    }
  }
}
