import type { PlanNode } from '../plan/node.ts'
import { partsOf } from '../plan/parts.ts'
import type { Expr } from '../syntax/ast.ts'

/** The outermost node of the plan for each expression that has one. */
export function nodesByExpr(root: PlanNode): ReadonlyMap<Expr, PlanNode> {
  const found = new Map<Expr, PlanNode>()
  visit(root, found)
  return found
}

function visit(node: PlanNode, found: Map<Expr, PlanNode>): void {
  if (!found.has(node.expr)) found.set(node.expr, node)
  for (const child of partsOf(node)) visit(child, found)
}
