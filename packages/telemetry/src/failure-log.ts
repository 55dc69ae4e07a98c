import type { Clock, DurationMs } from '@promlet/model'
import type { Logger } from './logger.ts'

/** While something goes on failing there is one line in so long. */
const EVERY_MS: DurationMs = 60_000
/** On a disk that is nearly full the small things succeed: it works again when nothing has failed for so long. */
const STEADY_MS: DurationMs = 5_000

/** Logs something that fails over and over, as a full disk makes every commit fail, in two lines a minute at most. */
export interface FailureLog {
  /** Logs the first failure at once, and later ones once a minute with `failures`, how many there were since the last line. */
  failed(err: unknown): void
  /** Call it for every success. After a failure was logged, logs once that it works again, with how many there were in all. */
  worked(): void
}

export interface FailureLogOptions {
  readonly logger: Logger
  readonly clock: Clock
  /** The constant messages of the lines: `batch not stored`, `batches are stored again`. */
  readonly failed: string
  readonly worked: string
}

export function createFailureLog({ logger, clock, failed, worked }: FailureLogOptions): FailureLog {
  let failures = 0
  let unsaid = 0
  let isSaid = false
  let saidAt = -Infinity
  let failedAt = -Infinity
  return {
    failed(err) {
      failures++
      unsaid++
      failedAt = clock.monotonic()
      if (failedAt - saidAt < EVERY_MS) return
      logger.error(unsaid > 1 ? { err, failures: unsaid } : { err }, failed)
      saidAt = failedAt
      isSaid = true
      unsaid = 0
    },
    worked() {
      if (!isSaid || clock.monotonic() - failedAt < STEADY_MS) return
      logger.info({ failures }, worked)
      isSaid = false
      failures = 0
      unsaid = 0
    },
  }
}
