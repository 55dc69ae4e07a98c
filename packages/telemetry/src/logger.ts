import { type Logger as PinoLogger, pino } from 'pino'

/** Fields first, then a constant message: `log.warn({ job, err }, 'scrape failed')`. */
export type Logger = PinoLogger

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'logfmt' | 'json'

/** A logger that drops everything, for tests. */
export const silentLogger: Logger = pino({ level: 'silent' })
