// Stands around every operator of a query that is explained, and writes down what it yields and how long it takes.
// What the recorder itself needs is taken out of the times.

import type { Clock, DurationMs, Histogram, Labels } from '@promlet/model'
import type { AnnotationRecord } from '../annotations.ts'
import { ABSENT, type Column, FLOAT, HISTOGRAM } from '../columns/column.ts'
import { dropMetadata, type EvalContext } from '../operators/context.ts'
import type { Operator } from '../operators/operator.ts'
import type { Trace } from '../operators/trace.ts'
import type { PlanNode } from '../plan/node.ts'
import type { QueryPlan } from '../plan/plan.ts'
import type { Expr } from '../syntax/ast.ts'

/** How many series of a node are shown. */
export const SHOWN_SERIES = 3

/** What one operator did. */
export interface Recording {
  readonly node: PlanNode
  /** Of all series that it announced; known when it has been asked for them. */
  labels: readonly Labels[] | undefined
  /** True when the first of them was asked for. */
  isRead: boolean
  /** Those that had a sample. */
  series: number
  samples: number
  low: number
  high: number
  totalMs: DurationMs
  /** The part of `totalMs` that operators below took. */
  belowMs: DurationMs
  readonly shown: ShownSeries[]
  /** Indexes of the annotations that it added. */
  readonly annotations: number[]
  /** By series, for operands and results of vector matching only. */
  readonly details: SeriesDetail[] | undefined
  error: Error | undefined
}

export interface ShownSeries {
  readonly labels: Labels
  readonly samples: number
  readonly first: StepValue
  readonly last: StepValue
}

export interface StepValue {
  readonly step: number
  readonly value: number | Histogram
}

/** What is needed to tell why a series found no partner. */
export interface SeriesDetail {
  /** A copy of the column's presence; undefined where the series has no sample. */
  readonly present: Uint8Array | undefined
  readonly last: StepValue | undefined
}

export class Recorder implements Trace {
  readonly recordings = new Map<PlanNode, Recording>()
  expr: Expr | undefined
  plan: QueryPlan | undefined
  context: EvalContext | undefined
  readonly #clock: Clock
  readonly #detailed = new Set<PlanNode>()
  readonly #stack: Recording[] = []
  #overheadMs: DurationMs = 0
  #annotations = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** To be called once, before operators are made. */
  begin(expr: Expr, plan: QueryPlan, context: EvalContext): void {
    this.expr = expr
    this.plan = plan
    this.context = context
  }

  /** What an annotation became in the end. */
  annotation(index: number): AnnotationRecord | undefined {
    return this.context?.annotations.added(index)[0]
  }

  watch(node: PlanNode, make: () => Operator): Operator {
    if (node.kind === 'binary' && node.leftType === 'vector' && node.rightType === 'vector') {
      for (const part of [node, node.left, node.right]) this.#detailed.add(part)
    }
    const recording = this.#start(node)
    const inner = this.#timed(recording, make)
    let index = 0
    return {
      series: () => {
        recording.labels = this.#timed(recording, () => inner.series())
        return recording.labels
      },
      next: (into) => {
        recording.isRead = true
        const isMore = this.#timed(recording, () => inner.next(into))
        if (isMore) this.#record(recording, index++, into)
        return isMore
      },
    }
  }

  #start(node: PlanNode): Recording {
    const recording: Recording = {
      node,
      labels: undefined,
      isRead: false,
      series: 0,
      samples: 0,
      low: Infinity,
      high: -Infinity,
      totalMs: 0,
      belowMs: 0,
      shown: [],
      annotations: [],
      details: this.#detailed.has(node) ? [] : undefined,
      error: undefined,
    }
    this.recordings.set(node, recording)
    return recording
  }

  #timed<T>(recording: Recording, run: () => T): T {
    const outer = this.#stack.at(-1)
    this.#claimAnnotations(outer)
    this.#stack.push(recording)
    const start = this.#now()
    try {
      return run()
    } catch (error) {
      // Those above fail with it; the fault lies here.
      const isKnown = [...this.recordings.values()].some((other) => other.error === error)
      if (!isKnown && error instanceof Error) recording.error = error
      throw error
    } finally {
      const elapsed = this.#now() - start
      recording.totalMs += elapsed
      if (outer !== undefined) outer.belowMs += elapsed
      this.#stack.pop()
      this.#claimAnnotations(recording)
    }
  }

  #now(): DurationMs {
    return this.#clock.monotonic() - this.#overheadMs
  }

  /** New annotations are those of the operator that was at work. */
  #claimAnnotations(worker: Recording | undefined): void {
    const size = this.context?.annotations.size ?? 0
    for (; this.#annotations < size; this.#annotations++) worker?.annotations.push(this.#annotations)
  }

  #record(recording: Recording, index: number, column: Column): void {
    const start = this.#clock.monotonic()
    const span = column.count === 0 ? undefined : spanOf(column)
    recording.details?.push({ present: span === undefined ? undefined : column.present.slice(), last: span?.last })
    if (span !== undefined) {
      recording.series++
      recording.samples += column.count
      addRange(recording, column)
      if (recording.shown.length < SHOWN_SERIES) recording.shown.push({ labels: this.#labels(recording, index, column), ...span })
    }
    this.#overheadMs += this.#clock.monotonic() - start
  }

  #labels({ labels = [] }: Recording, index: number, { dropName }: Column): Labels {
    const own = labels[index] as Labels
    return dropName ? dropMetadata(own) : own
  }
}

function spanOf(column: Column): Omit<ShownSeries, 'labels'> {
  let first = 0
  while (column.present[first] === ABSENT) first++
  let last = column.present.length - 1
  while (column.present[last] === ABSENT) last--
  return { samples: column.count, first: valueAt(column, first), last: valueAt(column, last) }
}

function valueAt(column: Column, step: number): StepValue {
  const histogram = column.present[step] === HISTOGRAM ? column.histograms?.[step] : undefined
  return { step, value: histogram ?? column.values[step]! }
}

function addRange(recording: Recording, { present, values }: Column): void {
  for (let step = 0; step < present.length; step++) {
    if (present[step] !== FLOAT) continue
    const value = values[step]!
    if (value < recording.low) recording.low = value
    if (value > recording.high) recording.high = value
  }
}
