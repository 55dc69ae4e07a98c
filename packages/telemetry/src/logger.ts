import { systemClock } from '@promlet/model'
import { type Logger as PinoLogger, type LoggerOptions as PinoOptions, pino, stdSerializers } from 'pino'
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

/** Causes of causes; more are left out, since errors may name each other in a circle. */
const CAUSES_MAX = 8

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
    serializers: { err: serializeError },
  }
  if (format === 'json') return pino(options, destination)
  return pino(options, { write: (line: string) => destination.write(formatLogfmt(line)) })
}

/** As pino does it, but a cause that the message names already is not said again. */
function serializeError(error: Error): object {
  const serialized = stdSerializers.err(error)
  return error instanceof Error ? { ...serialized, message: messageWithCauses(error) } : serialized
}

function messageWithCauses({ message, cause }: Error, depth = 0): string {
  if (!(cause instanceof Error) || depth === CAUSES_MAX) return message
  const reason = messageWithCauses(cause, depth + 1)
  return message.includes(reason) ? message : `${message}: ${reason}`
}

/** A logger that drops everything, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' })

function stderr(): LogDestination {
  return pino.destination({ fd: 2, sync: true })
}
