import type { Labels, SeriesColumns } from '@promlet/model'
import type { Annotations } from '../annotations.ts'
import type { Budget } from './budget.ts'
import type { Frame } from './frame.ts'
import type { SamplesRead } from './samples-read.ts'
import type { Trace } from './trace.ts'

/** What all operators of one query share. */
export interface EvalContext {
  /** What the store gave, by selection slot. */
  readonly data: readonly (readonly SeriesColumns[])[]
  readonly annotations: Annotations
  readonly budget: Budget
  /** Counts for the grid that is evaluated: a subquery has its own. */
  readonly samplesRead: SamplesRead
  /** True for a query over a range of steps: sorting has no effect then. */
  readonly isRange: boolean
  readonly features: Features
  /** What shared parts of the query have computed, by key. */
  readonly sharedFrames: Map<string, SharedFrame>
  /** Set when the query is to be explained. */
  readonly trace?: Trace
}

export interface SharedFrame {
  readonly frame: Frame
  /** Where in the query the part stood that computed it, and what it had to say. */
  readonly start: number
  readonly annotations: ReturnType<Annotations['added']>
  readonly samplesRead: SamplesRead
}

export interface Features {
  /** Metric names are dropped at the end of the query instead of at once (`promql-delayed-name-removal`). */
  readonly delayedNameRemoval: boolean
  /** Counters are told by their `__type__` label instead of by their names (`type-and-unit-labels`). */
  readonly typeAndUnitLabels: boolean
  /** Functions of counters heed start timestamps (`use-start-timestamps`). */
  readonly startTimestamps: boolean
}

/** The labels without the metric's name, type and unit. Prometheus: schema.IsMetadataLabel. */
export function dropMetadata(labels: Labels): Labels {
  return labels.filter(isNoMetadata)
}

function isNoMetadata(name: string): boolean {
  return !name.startsWith('__') || (name !== '__name__' && name !== '__type__' && name !== '__unit__')
}
