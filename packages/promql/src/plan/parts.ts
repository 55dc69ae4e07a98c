import type { PlanNode } from './node.ts'

/** The nodes that a node reads. */
export function partsOf(node: PlanNode): readonly PlanNode[] {
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

/** How often the parts of a query are evaluated, for one series each: what is work also where nothing is stored. */
export function evaluationsOf(node: PlanNode): number {
  return partsOf(node).reduce((sum, part) => sum + evaluationsOf(part), node.grid.count)
}

/** The most steps that a part has. A column has room for each, whether it has samples or not. */
export function stepsMaxOf(node: PlanNode): number {
  return partsOf(node).reduce((most, part) => Math.max(most, stepsMaxOf(part)), node.grid.count)
}
