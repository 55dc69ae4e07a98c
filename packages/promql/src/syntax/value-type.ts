import type { Expr, ValueType } from './ast.ts'
import { functionSignatures } from './signatures.ts'

/** What an expression evaluates to. */
export function valueType(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'vector-selector':
    case 'aggregation':
      return 'vector'
    case 'matrix-selector':
    case 'subquery':
      return 'matrix'
    case 'call':
      return functionSignatures.get(expr.name)?.returnType ?? 'vector'
    case 'binary':
      return valueType(expr.left) === 'scalar' && valueType(expr.right) === 'scalar' ? 'scalar' : 'vector'
    case 'unary':
    case 'paren':
      return valueType(expr.expr)
  }
}

/** The name of a type in Prometheus's documentation and errors. */
export function documentedType(type: ValueType): string {
  return type === 'vector' ? 'instant vector' : type === 'matrix' ? 'range vector' : type
}
