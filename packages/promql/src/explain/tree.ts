// From the syntax tree, the plan and what the operators did to the tree that is shown.

import { formatValue, type Labels, type Millis } from '@promlet/model'
import { type AnnotationRecord, recordText } from '../annotations.ts'
import { findWindows } from '../columns/windows.ts'
import { dropMetadata, type EvalContext } from '../operators/context.ts'
import { readTimes } from '../operators/read-times.ts'
import { type Samples, windowSource } from '../operators/window-source.ts'
import { type Grid, timeAt } from '../plan/grid.ts'
import type { PlanNode, WindowNode } from '../plan/node.ts'
import { childrenOf } from '../plan/walk.ts'
import type { Expr } from '../syntax/ast.ts'
import { valueType } from '../syntax/value-type.ts'
import type { Amount, ExplainNode, PlaceInQuery, SeriesSummary, TimedText } from './explanation.ts'
import { matchReport } from './matching.ts'
import { nodesByExpr } from './plan-nodes.ts'
import { type Recorder, type Recording, SHOWN_SERIES, type StepValue } from './recorder.ts'
import { seriesText, valueText } from './series-text.ts'

/** A node with what the reasons for emptiness are found by. */
export interface Explained {
  readonly expr: Expr
  /** The outermost node of the plan for it; absent for what the plan has no node for. */
  readonly plan: PlanNode | undefined
  readonly shown: ExplainNode
  readonly children: readonly Explained[]
}

/** @throws when the query was not planned. */
export function explainTree(query: string, recorder: Recorder, expr: Expr): Explained {
  const { plan, context } = recorder
  if (plan === undefined || context === undefined) throw new RangeError('the query was not planned')
  return new TreeBuilder(query, recorder, nodesByExpr(plan.root), context).build(expr, plan.root.grid)
}

class TreeBuilder {
  readonly #query: string
  readonly #recorder: Recorder
  readonly #nodes: ReadonlyMap<Expr, PlanNode>
  readonly #context: EvalContext

  constructor(query: string, recorder: Recorder, nodes: ReadonlyMap<Expr, PlanNode>, context: EvalContext) {
    this.#query = query
    this.#recorder = recorder
    this.#nodes = nodes
    this.#context = context
  }

  /** `isIdle`: nothing of it was evaluated. */
  build(outer: Expr, grid: Grid, isIdle = false): Explained {
    const expr = essence(outer)
    const plan = this.#nodes.get(expr)
    const own = plan?.grid ?? grid
    const sameAs = plan === undefined ? undefined : this.#placeOfSame(plan)
    const parts = expr.kind === 'matrix-selector' ? [] : childrenOf(expr)
    const children = parts.map((child) => this.build(child, own, isIdle || sameAs !== undefined))
    const shown = this.#show(expr, isIdle ? undefined : plan, own, children)
    return { expr, plan, shown: sameAs === undefined ? shown : { ...shown, sameAs }, children }
  }

  #show(expr: Expr, plan: PlanNode | undefined, grid: Grid, children: readonly Explained[]): ExplainNode {
    const below = children.map(({ shown }) => shown)
    const common = {
      kind: expr.kind,
      text: this.#query.slice(expr.position.start, expr.position.end),
      position: expr.position,
      resultType: valueType(expr),
      steps: grid.count,
    }
    const recording = plan === undefined ? undefined : this.#recorder.recordings.get(plan)
    if (recording !== undefined) return { ...common, ...this.#measured(recording, below), children: below }
    if (plan?.kind === 'window') return { ...common, ...this.#windowed(plan, below), children: below }
    return { ...common, ...NOTHING, isIdle: true, children: below }
  }

  #measured(recording: Recording, below: readonly ExplainNode[]): Measured {
    const { node, series, samples, totalMs, belowMs, low, high, annotations, error } = recording
    const match = this.#match(node, recording)
    return {
      input: this.#input(node, below),
      output: { series, samples },
      time: { selfMs: round(this.#selfMs(recording, totalMs - belowMs)), totalMs: round(totalMs) },
      values: recording.shown.map(({ labels, samples: count, first, last }) => ({
        series: seriesText(labels),
        samples: count,
        first: timed(node.grid, first),
        last: timed(node.grid, last),
      })),
      ...(low <= high ? { range: { low: formatValue(low), high: formatValue(high) } } : {}),
      annotations: this.#annotationsOf(node, annotations),
      ...(match === undefined ? {} : { match }),
      ...(error === undefined ? {} : { error: error.message }),
      isIdle: !isAtWork(recording),
    }
  }

  /** Repeating and sharing have nodes of their own in the plan, which are one with what they stand around. */
  #selfMs(recording: Recording, own: number): number {
    const { node } = recording
    const inner = node.kind === 'repeat' || node.kind === 'shared' ? this.#recorder.recordings.get(node.input) : undefined
    return inner === undefined ? own : own + this.#selfMs(inner, inner.totalMs - inner.belowMs)
  }

  #annotationsOf(node: PlanNode, indexes: readonly number[]): readonly string[] {
    const records = indexes
      .map((index) => this.#recorder.annotation(index))
      .filter((record): record is AnnotationRecord => record !== undefined)
    const texts = records.map((record) => recordText(record, this.#query))
    if (node.kind !== 'repeat' && node.kind !== 'shared') return texts
    return [...texts, ...this.#annotationsOf(node.input, this.#recorder.recordings.get(node.input)?.annotations ?? [])]
  }

  #placeOfSame(node: PlanNode): PlaceInQuery | undefined {
    const { recordings } = this.#recorder
    const shared = unrepeated(node)
    if (shared.kind !== 'shared' || recordings.has(shared.input)) return undefined
    const others = [...this.#nodes.values()].map(unrepeated)
    const first = others.find((other) => other.kind === 'shared' && other.key === shared.key && recordings.has(other.input))
    return first?.expr.position
  }

  #match(node: PlanNode, recording: Recording): ExplainNode['match'] {
    const { recordings } = this.#recorder
    const inner = node.kind === 'repeat' || node.kind === 'shared' ? node.input : undefined
    const own = inner === undefined ? undefined : recordings.get(inner)
    if (inner !== undefined) return own === undefined ? undefined : this.#match(inner, own)
    if (node.kind !== 'binary' || node.leftType === 'scalar' || node.rightType === 'scalar') return undefined
    const [left, right] = [recordings.get(node.left), recordings.get(node.right)]
    if (left === undefined || right === undefined) return undefined
    return matchReport(node, left, right, recording, this.#context.features.delayedNameRemoval)
  }

  #input(node: PlanNode, below: readonly ExplainNode[]): Amount {
    const inner = unrepeated(node)
    const read = inner.kind === 'shared' ? inner.input : inner
    if (read.kind === 'select') return this.#stored(read.slot)
    return sum(below.filter(({ resultType }) => resultType === 'vector' || resultType === 'matrix').map(({ output }) => output))
  }

  /** What the store gave for a selector. Several selectors may share it. */
  #stored(slot: number): Amount {
    const data = this.#context.data[slot] ?? []
    return { series: data.length, samples: data.reduce((total, { times }) => total + times.length, 0) }
  }

  #windowed(node: WindowNode, below: readonly ExplainNode[]): Measured {
    if (node.source.kind === 'subquery') {
      const [inner] = below
      if (inner === undefined) return { ...NOTHING, isIdle: true }
      const { output, values, range, isIdle } = inner
      const time = { selfMs: 0, totalMs: inner.time.totalMs }
      return { ...NOTHING, input: output, output, values, ...(range === undefined ? {} : { range }), time, isIdle }
    }
    return { ...NOTHING, input: this.#stored(node.source.slot), ...this.#window(node), isIdle: false }
  }

  #window(node: WindowNode): Pick<ExplainNode, 'output' | 'values'> {
    const { ends, before, after } = reachOf(node)
    const source = windowSource(node, undefined, { after: (ends[0] ?? 0) - before, to: (ends.at(-1) ?? 0) + after }, this.#context)
    const amount = { series: 0, samples: 0 }
    const values: SeriesSummary[] = []
    for (const [index, labels] of source.labels.entries()) {
      const samples = source.read(index)
      const count = countIn(samples, ends, before, after)
      if (count === 0) continue
      amount.series++
      amount.samples += count
      if (values.length < SHOWN_SERIES) values.push(summary(samples.dropName ? dropMetadata(labels) : labels, samples))
    }
    return { output: amount, values }
  }
}

type Measured = Omit<ExplainNode, 'kind' | 'text' | 'position' | 'resultType' | 'steps' | 'children'>

const NOTHING = {
  input: { series: 0, samples: 0 },
  output: { series: 0, samples: 0 },
  time: { selfMs: 0, totalMs: 0 },
  values: [],
  annotations: [],
} as const

/** The times that a window reads at, and how far it sees from each. */
export function reachOf(node: WindowNode): { readonly ends: Float64Array; readonly before: number; readonly after: number } {
  const { range, lookback, extension } = node
  return {
    ends: readTimes(node.grid, node),
    before: range + (extension === undefined ? 0 : lookback),
    after: extension === 'smoothed' ? lookback : 0,
  }
}

/** Samples over all windows: one that several windows see counts for each. */
function countIn({ times, histogramTimes }: Samples, ends: Float64Array, before: number, after: number): number {
  const floats = findWindows(times, ends, before, after).total
  return histogramTimes === undefined ? floats : floats + findWindows(histogramTimes, ends, before, after).total
}

function summary(labels: Labels, { times, values, histogramTimes = NO_TIMES, histograms = [] }: Samples): SeriesSummary {
  const all = [
    ...ends(times).map((index) => ({ at: times[index]!, text: valueText(values[index]!) })),
    ...ends(histogramTimes).map((index) => ({
      at: histogramTimes[index]!,
      text: histograms[index] === undefined ? '' : valueText(histograms[index]),
    })),
  ].sort((left, right) => left.at - right.at)
  const pair = (one: { at: number; text: string } | undefined): TimedText => [(one?.at ?? 0) / 1000, one?.text ?? '']
  return { series: seriesText(labels), samples: times.length + histogramTimes.length, first: pair(all[0]), last: pair(all.at(-1)) }
}

const NO_TIMES = new Float64Array(0)

/** The first and the last index. */
function ends(times: Float64Array): readonly number[] {
  return times.length === 0 ? [] : [0, times.length - 1]
}

/** Some operators need nothing of what is below them, as `topk(0, …)`. */
function isAtWork({ labels, isRead, error }: Recording): boolean {
  return error !== undefined || isRead || labels?.length === 0
}

/** The expression without what does nothing. */
function essence(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren' || (inner.kind === 'unary' && inner.operator === '+')) inner = inner.expr
  return inner
}

function unrepeated(node: PlanNode): PlanNode {
  return node.kind === 'repeat' ? unrepeated(node.input) : node
}

function sum(amounts: readonly Amount[]): Amount {
  return {
    series: amounts.reduce((total, { series }) => total + series, 0),
    samples: amounts.reduce((total, { samples }) => total + samples, 0),
  }
}

function timed(grid: Grid, { step, value }: StepValue): TimedText {
  const at: Millis = timeAt(grid, step)
  return [at / 1000, valueText(value)]
}

/** To the microsecond. */
function round(ms: number): number {
  return Math.round(Math.max(0, ms) * 1000) / 1000
}
