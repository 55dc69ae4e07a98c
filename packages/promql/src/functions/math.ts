// Functions of single floats.

import { larger, smaller } from './arithmetic.ts'

/** Functions of one float without further arguments. */
export const mathFunctions: ReadonlyMap<string, (value: number) => number> = new Map<string, (value: number) => number>([
  ['abs', Math.abs],
  ['ceil', Math.ceil],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['log2', Math.log2],
  ['sgn', (value) => (value < 0 ? -1 : value > 0 ? 1 : value)],
  ['sqrt', Math.sqrt],
  ['acos', Math.acos],
  ['acosh', Math.acosh],
  ['asin', Math.asin],
  ['asinh', Math.asinh],
  ['atan', Math.atan],
  ['atanh', Math.atanh],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
  ['deg', (value) => (value * 180) / Math.PI],
  ['rad', (value) => (value * Math.PI) / 180],
])

/** Functions of one float and of one scalar per further argument. `args` has the values of one step. */
export const mathFunctionsWithArgs: ReadonlyMap<string, (value: number, args: readonly number[]) => number | undefined> = new Map([
  ['clamp', (value: number, [least, most]: readonly number[]) => clamp(value, least as number, most as number)],
  ['clamp_min', (value: number, [least]: readonly number[]) => clamp(value, least as number, Infinity)],
  ['clamp_max', (value: number, [most]: readonly number[]) => clamp(value, -Infinity, most as number)],
  ['round', (value: number, [nearest = 1]: readonly number[]) => round(value, nearest)],
])

/** Undefined when the bounds contradict each other: then there is no result. */
function clamp(value: number, least: number, most: number): number | undefined {
  return most < least ? undefined : larger(least, smaller(most, value))
}

/** Ties go up. The inverse is used as it seems to lose less (Prometheus: promql/functions.go funcRound). */
function round(value: number, nearest: number): number {
  const inverse = 1 / nearest
  return Math.floor(value * inverse + 0.5) / inverse
}
