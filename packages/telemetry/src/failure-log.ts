import type { Clock, DurationMs } from '@promlet/model'
import type { Logger } from './logger.ts'

/** While something goes on failing there is one line in so long. */
const EVERY_MS: DurationMs = 60_000

/** Logs something that fails over and over, as a full disk makes every commit fail, without a line for each time. */
export interface FailureLog {
  /** Logs the first failure at once, of later ones one a minute with `failures`, how many there were since the last line. */
  failed(err: unknown): void
  /** Logs once that it works again, with `failures`, how many there were in all; nothing when it had not failed. */
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
  let saidAt = -Infinity
  return {
    failed(err) {
      failures++
      unsaid++
      if (failures > 1 && clock.monotonic() - saidAt < EVERY_MS) return
      logger.error(unsaid > 1 ? { err, failures: unsaid } : { err }, failed)
      saidAt = clock.monotonic()
      unsaid = 0
    },
    worked() {
      if (failures === 0) return
      logger.info({ failures }, worked)
      failures = 0
      unsaid = 0
    },
  }
}
