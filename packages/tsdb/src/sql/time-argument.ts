import type { Millis } from '@promlet/model'
import { StorageError } from '../error.ts'

const SECONDS = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

/**
 * A time as Prometheus's API takes it: seconds since 1970, or a text in the form of RFC 3339. Undefined for NULL.
 * @throws StorageError `bad-query` for anything else
 */
export function readTime(argument: unknown, place: string): Millis | undefined {
  if (argument === null || argument === undefined) return undefined
  if (typeof argument === 'number' || typeof argument === 'bigint') return Math.round(Number(argument) * 1000)
  if (typeof argument === 'string') {
    if (SECONDS.test(argument)) return Math.round(Number(argument) * 1000)
    const at = RFC_3339.test(argument) ? Date.parse(argument) : Number.NaN
    if (!Number.isNaN(at)) return at
  }
  throw new StorageError(
    'bad-query',
    `${place}: expected seconds since 1970 or a time such as '2026-01-31T12:00:00Z', found ${JSON.stringify(argument)}`,
  )
}
