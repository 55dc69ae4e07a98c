import type { PlanNode } from '../plan/node.ts'
import type { Operator } from './operator.ts'

/** Watches operators at work. Without one, operators run as they are. */
export interface Trace {
  /** Makes the operator of a node by `make`, which makes all below it, and puts something around it. */
  watch(node: PlanNode, make: () => Operator): Operator
}
