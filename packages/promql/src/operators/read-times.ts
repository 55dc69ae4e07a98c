import { type Grid, timeAt } from '../plan/grid.ts'
import type { Reference } from '../plan/node.ts'

/** The time at which each step of a grid reads. */
export function readTimes(grid: Grid, { at, offset }: Reference): Float64Array {
  const times = new Float64Array(grid.count)
  for (let step = 0; step < times.length; step++) times[step] = (at ?? timeAt(grid, step)) - offset
  return times
}
