import type { DurationMs, Millis } from '@promlet/model'

/** The times at which a part of a query is evaluated: `count` times, `step` apart. An instant query has one. */
export interface Grid {
  readonly start: Millis
  /** Above zero. */
  readonly step: DurationMs
  /** At least 0; a subquery whose window holds no multiple of its step has none. */
  readonly count: number
}

/** The grid from `start` to `end`, inclusive. */
export function gridBetween(start: Millis, end: Millis, step: DurationMs): Grid {
  return { start, step, count: end < start ? 0 : Math.floor((end - start) / step) + 1 }
}

export function timeAt(grid: Grid, index: number): Millis {
  return grid.start + index * grid.step
}

export function endOf(grid: Grid): Millis {
  return timeAt(grid, Math.max(0, grid.count - 1))
}

/** All times of the grid. */
export function gridTimes(grid: Grid): Float64Array {
  const times = new Float64Array(grid.count)
  for (let index = 0; index < times.length; index++) times[index] = grid.start + index * grid.step
  return times
}
