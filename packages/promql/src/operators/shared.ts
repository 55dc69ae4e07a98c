import type { Labels } from '@promlet/model'
import type { Column } from '../columns/column.ts'
import type { SharedNode } from '../plan/node.ts'
import type { EvalContext, SharedFrame } from './context.ts'
import { collect, FrameReader } from './frame.ts'
import type { Operator } from './operator.ts'

/** A part that stands more than once in the query. Whoever is read first computes it; the others repeat it. */
export class Shared implements Operator {
  readonly #node: SharedNode
  readonly #input: (context: EvalContext) => Operator
  readonly #context: EvalContext
  #reader: Operator | undefined

  /** `input` makes the operator that computes the part. */
  constructor(node: SharedNode, input: (context: EvalContext) => Operator, context: EvalContext) {
    this.#node = node
    this.#input = input
    this.#context = context
  }

  series(): readonly Labels[] {
    const { sharedFrames, annotations, samplesRead } = this.#context
    const { start } = this.#node.expr.position
    const known = sharedFrames.get(this.#node.key)
    const shared = known ?? this.#compute(start)
    if (known === undefined) sharedFrames.set(this.#node.key, shared)
    else for (const record of known.annotations) annotations.repeat(record, start - known.start)
    samplesRead.addAgain(shared.samplesRead)
    this.#reader = new FrameReader(shared.frame)
    return this.#reader.series()
  }

  next(into: Column): boolean {
    return (this.#reader as Operator).next(into)
  }

  #compute(start: number): SharedFrame {
    const { annotations } = this.#context
    const before = annotations.size
    const samplesRead = this.#context.samplesRead.child(this.#node.grid)
    const frame = collect(this.#input({ ...this.#context, samplesRead }), this.#node.grid.count)
    return { frame, start, annotations: annotations.added(before), samplesRead }
  }
}
