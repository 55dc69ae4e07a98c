// Binary operators on floats: whole columns at a time. Steps at which a side has nothing are computed too, as that is
// cheaper than to ask; their results mean nothing.

import type { BinaryOperator } from '../syntax/ast.ts'

/** True for `+ - * / % ^ atan2`, whose result is another quantity than its operands. */
export function isArithmetic(operator: BinaryOperator): boolean {
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
    case 'atan2':
      return true
    default:
      return false
  }
}

export function isComparison(operator: BinaryOperator): boolean {
  switch (operator) {
    case '==':
    case '!=':
    case '>':
    case '<':
    case '>=':
    case '<=':
      return true
    default:
      return false
  }
}

/** `out = left operator right`, for each step. `out` may be one of the operands. */
export function computeColumn(operator: BinaryOperator, left: Float64Array, right: Float64Array, out: Float64Array): void {
  const steps = out.length
  switch (operator) {
    case '+':
      for (let step = 0; step < steps; step++) out[step] = left[step]! + right[step]!
      return
    case '-':
      for (let step = 0; step < steps; step++) out[step] = left[step]! - right[step]!
      return
    case '*':
      for (let step = 0; step < steps; step++) out[step] = left[step]! * right[step]!
      return
    case '/':
      for (let step = 0; step < steps; step++) out[step] = left[step]! / right[step]!
      return
    case '%':
      for (let step = 0; step < steps; step++) out[step] = left[step]! % right[step]!
      return
    case '^':
      for (let step = 0; step < steps; step++) out[step] = power(left[step]!, right[step]!)
      return
    case 'atan2':
      for (let step = 0; step < steps; step++) out[step] = Math.atan2(left[step]!, right[step]!)
      return
    default:
      compareColumn(operator, left, right, out)
  }
}

/** `out` is 1 where the comparison holds, 0 elsewhere. */
export function compareColumn(operator: BinaryOperator, left: Float64Array, right: Float64Array, out: Float64Array | Uint8Array): void {
  const steps = out.length
  switch (operator) {
    case '==':
      for (let step = 0; step < steps; step++) out[step] = left[step]! === right[step]! ? 1 : 0
      return
    case '!=':
      for (let step = 0; step < steps; step++) out[step] = left[step]! !== right[step]! ? 1 : 0
      return
    case '>':
      for (let step = 0; step < steps; step++) out[step] = left[step]! > right[step]! ? 1 : 0
      return
    case '<':
      for (let step = 0; step < steps; step++) out[step] = left[step]! < right[step]! ? 1 : 0
      return
    case '>=':
      for (let step = 0; step < steps; step++) out[step] = left[step]! >= right[step]! ? 1 : 0
      return
    case '<=':
      for (let step = 0; step < steps; step++) out[step] = left[step]! <= right[step]! ? 1 : 0
      return
    default:
      throw new RangeError(`${operator} compares no floats`)
  }
}

/** Go's `math.Pow`, which knows what JavaScript calls NaN: 1 to any power is 1, -1 to an infinite one too. */
export function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && (exponent === Infinity || exponent === -Infinity))) return 1
  return base ** exponent
}

/** Go's `math.Max`, for which infinity is more than NaN. */
export function larger(left: number, right: number): number {
  return left === Infinity || right === Infinity ? Infinity : Math.max(left, right)
}

/** Go's `math.Min`, for which infinity below zero is less than NaN. */
export function smaller(left: number, right: number): number {
  return left === -Infinity || right === -Infinity ? -Infinity : Math.min(left, right)
}
