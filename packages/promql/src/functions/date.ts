// Parts of a date, in UTC. The float is in seconds since 1970; its fraction is cut off. Go's calendar goes further
// than JavaScript's: beyond that, and for what is no time at all, dates are computed as Go does, overflow included.

export const dateFunctions: ReadonlyMap<string, (seconds: number) => number> = new Map<string, (seconds: number) => number>([
  ['minute', (seconds) => dateOf(seconds).getUTCMinutes()],
  ['hour', (seconds) => dateOf(seconds).getUTCHours()],
  ['day_of_week', (seconds) => dateOf(seconds).getUTCDay()],
  ['day_of_month', (seconds) => dateOf(seconds).getUTCDate()],
  ['day_of_year', (seconds) => dayOfYear(dateOf(seconds))],
  ['days_in_month', (seconds) => daysInMonth(dateOf(seconds))],
  ['month', (seconds) => dateOf(seconds).getUTCMonth() + 1],
  ['year', yearOf],
])

/** JavaScript's dates end 100 million days from 1970; a little less, for the ends of the month and the year. */
const SECONDS_MAX = 8.6e12
/** 400 years have always the same number of days, and are whole weeks. */
const CYCLE_SECONDS = 146_097n * 86_400n
const CYCLE_YEARS = 400
/** Go counts from a year that begins such a cycle, as 2001 does; seconds from there to 1970, and from 1970 to 2001. */
const GO_ZERO_YEAR = -292_277_022_399
const GO_ZERO_TO_EPOCH = 9_223_372_028_715_321_600n
const EPOCH_TO_2001 = 978_307_200

/** A date with the same parts, but for the year where that is out of reach. */
function dateOf(seconds: number): Date {
  if (Math.abs(seconds) <= SECONDS_MAX) return new Date(Math.trunc(seconds) * 1000)
  return new Date((EPOCH_TO_2001 + Number(sinceGoZero(seconds) % CYCLE_SECONDS)) * 1000)
}

function yearOf(seconds: number): number {
  const year = dateOf(seconds).getUTCFullYear()
  if (Math.abs(seconds) <= SECONDS_MAX) return year
  return GO_ZERO_YEAR + CYCLE_YEARS * Number(sinceGoZero(seconds) / CYCLE_SECONDS) + (year - 2001)
}

/** As an unsigned integer of 64 bits. What an int64 cannot hold becomes its smallest value. */
function sinceGoZero(seconds: number): bigint {
  const isInteger64 = seconds >= -(2 ** 63) && seconds < 2 ** 63
  return BigInt.asUintN(64, (isInteger64 ? BigInt(Math.trunc(seconds)) : -(1n << 63n)) + GO_ZERO_TO_EPOCH)
}

function dayOfYear(date: Date): number {
  const firstDay = new Date(date).setUTCMonth(0, 1)
  return (date.getTime() - firstDay) / 86_400_000 + 1
}

function daysInMonth(date: Date): number {
  const lastDay = new Date(date).setUTCMonth(date.getUTCMonth() + 1, 0)
  return new Date(lastDay).getUTCDate()
}
