import { systemClock } from '@promlet/model'
import { type Logger as PinoLogger, type LoggerOptions as PinoOptions, pino } from 'pino'
import { formatLogfmt } from './logfmt.ts'

/** Fields first, then a constant message: `log.warn({ job, err }, 'scrape failed')`. */
export type Logger = PinoLogger

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'logfmt' | 'json'

/** Takes whole lines, each with its line break, in order and at once. */
export interface LogDestination {
  write(line: string): void
}

export interface LoggerOptions {
  /** Lines below it are not written. It can be changed later: `logger.level = 'debug'`. */
  readonly level: LogLevel
  readonly format: LogFormat
  /** Stands in every line as `component`. */
  readonly component?: string
  /** The process's stderr by default. */
  readonly destination?: LogDestination
}

/**
 * Writes lines as Prometheus 3 does, as logfmt or JSON with `time`, `level` and `msg` first. Lines are written
 * before the call returns, so none is lost when the process ends.
 */
export function createLogger({ level, format, component, destination = stderr() }: LoggerOptions): Logger {
  const options: PinoOptions = {
    level,
    base: component === undefined ? null : { component },
    timestamp: () => `,"time":"${new Date(systemClock.now()).toISOString()}"`,
    formatters: { level: (label) => ({ level: label.toUpperCase() }) },
  }
  if (format === 'json') return pino(options, destination)
  return pino(options, { write: (line: string) => destination.write(formatLogfmt(line)) })
}

/** A logger that drops everything, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' })

function stderr(): LogDestination {
  return pino.destination({ fd: 2, sync: true })
}
