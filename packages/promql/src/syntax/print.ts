// Queries as Prometheus writes them back: matchers sorted, modifiers in one order, quotes where they are needed
// (promql/parser/printer.go). What is printed parses to the same tree.

import { compareText, formatDuration, formatGeneral, formatPlain, METRIC_NAME, quote, quoteNameIfNeeded } from '@promlet/model'
import type { Aggregation, At, Binary, DurationExpr, Expr, NumberLiteral, Subquery, VectorSelector } from './ast.ts'
import { millisOf } from './literal.ts'

/** The query on one line. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return printNumber(expr)
    case 'string':
      return quote(expr.value)
    case 'vector-selector':
      return `${printMatchers(expr)}${printAt(expr.at)}${printExtension(expr)}${printOffset(expr.offset)}`
    case 'matrix-selector': {
      const { selector, range } = expr
      return `${printMatchers(selector)}[${printDuration(range)}]${printExtension(selector)}${printAt(selector.at)}${printOffset(selector.offset)}`
    }
    case 'subquery':
      return `${printExpr(expr.expr)}${printSubquerySuffix(expr)}`
    case 'call':
      return `${expr.name}(${expr.args.map(printExpr).join(', ')})`
    case 'aggregation': {
      const args = expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
      return `${printAggregationHead(expr)}(${args.map(printExpr).join(', ')})`
    }
    case 'binary':
      return `${printExpr(expr.left)} ${printOperator(expr)} ${printExpr(expr.right)}`
    case 'unary':
      return `${expr.operator}${printExpr(expr.expr)}`
    case 'paren':
      return `(${printExpr(expr.expr)})`
  }
}

function printNumber({ value, duration }: NumberLiteral): string {
  return duration ? formatDuration(millisOf(value)) : formatPlain(value)
}

function printMatchers(selector: VectorSelector): string {
  const isName = (name: string, operator: string, value: string) =>
    name === METRIC_NAME && operator === '=' && value === selector.name && value !== ''
  const matchers = selector.matchers
    .filter(({ name, operator, value }) => !isName(name, operator, value))
    .map(String)
    .sort(compareText)
  return matchers.length === 0 ? selector.name : `${selector.name}{${matchers.join(',')}}`
}

function printAt(at: At | undefined): string {
  if (at === undefined) return ''
  return at.kind === 'timestamp' ? ` @ ${printSeconds(at.at)}` : ` @ ${at.kind}()`
}

/** Milliseconds as seconds with three decimals. */
function printSeconds(ms: number): string {
  const seconds = Math.abs(ms) < 1e21 ? ms / 1000 : Number(BigInt(ms) / 1000n)
  return Math.abs(seconds) < 1e21 ? seconds.toFixed(3) : `${formatPlain(seconds)}.000`
}

function printExtension(selector: VectorSelector): string {
  return selector.extension === undefined ? '' : ` ${selector.extension}`
}

function printOffset(offset: DurationExpr | undefined): string {
  if (offset === undefined || (offset.kind === 'fixed' && !offset.wrapped && offset.ms === 0)) return ''
  return offset.kind === 'fixed' && !offset.wrapped ? ` offset ${formatDuration(offset.ms)}` : ` offset ${printDuration(offset)}`
}

/** The brackets of a subquery and what follows them. */
export function printSubquerySuffix({ range, step, at, offset }: Subquery): string {
  return `[${printDuration(range)}:${step === undefined ? '' : printDuration(step)}]${printAt(at)}${printOffset(offset)}`
}

/** A range or step: alone it is a duration, in arithmetic as it was written. */
function printDuration(duration: DurationExpr): string {
  return duration.kind === 'fixed' && !duration.wrapped ? formatDuration(duration.ms) : printArithmetic(duration)
}

function printArithmetic(duration: DurationExpr): string {
  const text = printOperation(duration)
  return duration.wrapped ? `(${text})` : text
}

function printOperation(duration: DurationExpr): string {
  switch (duration.kind) {
    case 'fixed':
      return duration.duration ? formatDuration(duration.ms) : formatPlain(duration.ms / 1000)
    case 'step':
    case 'range':
      return `${duration.kind}()`
    case 'negate':
      return `-${printArithmetic(duration.operand)}`
    case 'binary': {
      const { operator, left, right } = duration
      if (operator === 'min' || operator === 'max') return `${operator}_of(${printArithmetic(left)}, ${printArithmetic(right)})`
      return `${printArithmetic(left)} ${operator} ${printArithmetic(right)}`
    }
  }
}

/** The name of an aggregation with its grouping. */
export function printAggregationHead({ operator, grouping, without }: Aggregation): string {
  if (!without && grouping.length === 0) return operator
  return `${operator} ${without ? 'without' : 'by'} ${printLabels(grouping)} `
}

export function printLabels(labels: readonly string[]): string {
  return `(${labels.map(quoteNameIfNeeded).join(', ')})`
}

/** An operator with everything that stands between it and its right side. */
export function printOperator({ operator, bool, matching }: Binary): string {
  let text: string = operator
  if (bool) text += ' bool'
  if (matching === undefined) return text
  const { cardinality, on, labels, include, fillLeft, fillRight } = matching
  const isGrouped = cardinality === 'many-to-one' || cardinality === 'one-to-many'
  if (labels.length > 0 || on || isGrouped) text += ` ${on ? 'on' : 'ignoring'} ${printLabels(labels)}`
  if (isGrouped) text += ` group_${cardinality === 'many-to-one' ? 'left' : 'right'} ${printLabels(include)}`
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return `${text} fill (${formatGeneral(fillLeft)})`
  if (fillLeft !== undefined) text += ` fill_left (${formatGeneral(fillLeft)})`
  if (fillRight !== undefined) text += ` fill_right (${formatGeneral(fillRight)})`
  return text
}
