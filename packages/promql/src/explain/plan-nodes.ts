import type { PlanNode } from '../plan/node.ts'
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

/** The nodes that a node reads. */
function partsOf(node: PlanNode): readonly PlanNode[] {
  switch (node.kind) {
    case 'constant':
    case 'string':
    case 'select':
      return []
    case 'window':
      return node.source.kind === 'subquery' ? [node.source.inner] : []
    case 'window-call':
      return [node.window, ...node.args]
    case 'call':
      return node.args
    case 'info':
      return [node.base]
    case 'aggregate':
      return node.param === undefined ? [node.input] : [node.param, node.input]
    case 'binary':
      return [node.left, node.right]
    case 'negate':
    case 'repeat':
    case 'shared':
      return [node.input]
  }
}
