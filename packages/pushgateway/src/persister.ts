import type { Clock, DurationMs } from '@promlet/model'
import type { Logger } from '@promlet/telemetry'
import type { Groups } from './groups.ts'
import type { PersistenceFile } from './persistence.ts'

export interface PersisterOptions {
  readonly file: PersistenceFile
  readonly groups: Groups
  /** At least this long between two writes. */
  readonly intervalMs: DurationMs
  readonly clock: Clock
  readonly logger: Logger
  /** Called when a write failed; what it was to write is kept for the next one. */
  onFailure(): void
}

/** Decides when changed groups are written. */
export class Persister {
  readonly #options: PersisterOptions
  #lastAt: DurationMs
  #timer: Disposable | undefined

  constructor(options: PersisterOptions) {
    this.#options = options
    this.#lastAt = options.clock.monotonic()
    this.#timer = undefined
  }

  /** Says that something changed: it is written when the interval since the last write is over. */
  schedule(): void {
    if (this.#timer !== undefined) return
    const { clock, intervalMs } = this.#options
    const delay = Math.max(0, this.#lastAt + intervalMs - clock.monotonic())
    this.#timer = clock.setTimer(delay, () => this.#write())
  }

  #write(): void {
    this.#timer = undefined
    const { clock, logger, onFailure } = this.#options
    this.#lastAt = clock.monotonic()
    try {
      this.flush()
    } catch (err) {
      logger.error({ err }, 'error persisting metrics')
      onFailure()
      this.schedule()
    }
  }

  /** Writes what changed now. @throws when that fails; then it stays to be written. */
  flush(): void {
    const { groups, file } = this.#options
    const changed = groups.takeChanged()
    if (changed.size === 0) return
    try {
      file.write(groups, changed)
    } catch (error) {
      groups.giveBackChanged(changed)
      throw error
    }
  }

  /** Writes what changed and closes the file. @throws when that fails; the file is closed all the same. */
  close(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    try {
      this.flush()
    } finally {
      this.#options.file.close()
    }
  }
}
