// The functions that every Go template has. `and` and `or` are evaluated by the run itself, since they stop early;
// they stand here so that their names and parameters are known.

import { compareText } from '@promlet/model'
import { print, printFormat, printLine, valueText } from './format.ts'
import { escapeHtml } from './html-text.ts'
import {
  anyParameter,
  type FunctionMap,
  type Host,
  isTrue,
  stringParameter,
  type TemplateFunction,
  typeName,
  utf8,
  type Value,
} from './value.ts'

export const builtins: FunctionMap = new Map<string, TemplateFunction>([
  ['and', { parameters: [anyParameter], rest: anyParameter, call: (args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1) }],
  ['or', { parameters: [anyParameter], rest: anyParameter, call: (args) => args.find(isTrue) ?? args.at(-1) }],
  ['not', { parameters: [anyParameter], call: ([value]) => !isTrue(value) }],
  ['eq', { parameters: [anyParameter], rest: anyParameter, call: ([first, ...rest]) => equalsAny(first, rest) }],
  ['ne', { parameters: [anyParameter, anyParameter], call: ([left, right]) => !equals(left, right) }],
  ['lt', { parameters: [anyParameter, anyParameter], call: ([left, right]) => isLess(left, right) }],
  ['le', { parameters: [anyParameter, anyParameter], call: ([left, right]) => isLess(left, right) || equals(left, right) }],
  ['gt', { parameters: [anyParameter, anyParameter], call: ([left, right]) => !(isLess(left, right) || equals(left, right)) }],
  ['ge', { parameters: [anyParameter, anyParameter], call: ([left, right]) => !isLess(left, right) }],
  ['len', { parameters: [anyParameter], call: ([value]) => BigInt(lengthOf(value)) }],
  ['index', { parameters: [anyParameter], rest: anyParameter, call: ([value, ...keys]) => keys.reduce(elementOf, value) }],
  ['slice', { parameters: [anyParameter], rest: anyParameter, call: ([value, ...bounds]) => sliceOf(value, bounds) }],
  ['call', { parameters: [anyParameter], rest: anyParameter, call: callValue }],
  ['print', { parameters: [], rest: anyParameter, call: (args) => print(args) }],
  ['printf', { parameters: [stringParameter], rest: anyParameter, call: ([format, ...args]) => printFormat(format as string, args) }],
  ['println', { parameters: [], rest: anyParameter, call: (args) => printLine(args) }],
  ['html', { parameters: [], rest: anyParameter, call: (args) => escapeHtml(escaperText(args)) }],
  ['js', { parameters: [], rest: anyParameter, call: (args) => escapeJs(escaperText(args)) }],
  ['urlquery', { parameters: [], rest: anyParameter, call: (args) => escapeQuery(escaperText(args)) }],
])

function escaperText(args: readonly Value[]): string {
  return print(args.map((arg) => (arg === undefined ? '<no value>' : arg)))
}

/** Go's url.QueryEscape. */
export function escapeQuery(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed())
  return escaped.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+')
}

const JS_ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '"': '\\"' }

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (char) => {
    const code = char.codePointAt(0) as number
    return JS_ESCAPES[char] ?? `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  })
}

type BasicKind = 'bool' | 'int' | 'float' | 'string' | 'nil' | 'other'

function basicKind(value: Value): BasicKind {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float'
    case 'string':
      return 'string'
  }
  if (value === undefined || value === null) return 'nil'
  return value.kind === 'html' ? 'string' : 'other'
}

function equalsAny(first: Value, rest: readonly Value[]): boolean {
  if (rest.length === 0) throw new RangeError('missing argument for comparison')
  return rest.some((value) => equals(first, value))
}

function equals(left: Value, right: Value): boolean {
  const kinds = [basicKind(left), basicKind(right)]
  if (kinds[0] !== kinds[1]) {
    if (kinds.includes('nil')) return false
    throw new RangeError('incompatible types for comparison')
  }
  if (kinds[0] === 'nil') return true
  if (kinds[0] === 'other') {
    const kind = (left as { kind: string }).kind
    if (kind === 'struct') return left === right || valueText(left) === valueText(right)
    throw new RangeError(`non-comparable type ${valueText(left)}: ${typeName(left)}`)
  }
  return kinds[0] === 'string' ? stringOf(left) === stringOf(right) : left === right
}

function isLess(left: Value, right: Value): boolean {
  const kind = basicKind(left)
  if (kind === 'other' || kind === 'nil' || basicKind(right) === 'other' || basicKind(right) === 'nil') {
    throw new RangeError('invalid type for comparison')
  }
  if (kind !== basicKind(right)) throw new RangeError('incompatible types for comparison')
  if (kind === 'bool') throw new RangeError('invalid type for comparison')
  if (kind === 'string') return compareText(stringOf(left), stringOf(right)) < 0
  return (left as number) < (right as number)
}

function stringOf(value: Value): string {
  return typeof value === 'string' ? value : (value as { html: string }).html
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return utf8(value).length
  if (value === undefined || value === null) throw new RangeError('reflect: call of reflect.Value.Type on zero Value')
  if (typeof value === 'object') {
    if (value.kind === 'list') return value.items.length
    if (value.kind === 'dict') return value.entries.size
    if (value.kind === 'html') return utf8(value.html).length
  }
  throw new RangeError(`len of type ${typeName(value)}`)
}

function elementOf(value: Value, key: Value): Value {
  if (value === undefined || value === null) throw new RangeError('index of untyped nil')
  if (typeof value === 'string') {
    const bytes = utf8(value)
    return BigInt(bytes[position(key, bytes.length)] as number)
  }
  if (typeof value === 'object' && value.kind === 'list') return value.items[position(key, value.items.length)]
  if (typeof value === 'object' && value.kind === 'dict') {
    if (typeof key !== 'string') throw new RangeError(`value has type ${typeName(key)}; should be string`)
    return value.entries.has(key) ? value.entries.get(key) : value.zero
  }
  throw new RangeError(`can't index item of type ${typeName(value)}`)
}

function position(key: Value, length: number): number {
  if (key === undefined || key === null) throw new RangeError('cannot index slice/array with nil')
  if (typeof key !== 'bigint') throw new RangeError(`cannot index slice/array with type ${typeName(key)}`)
  if (key < 0n || key >= BigInt(length)) throw new RangeError(`index out of range: ${key}`)
  return Number(key)
}

function sliceOf(value: Value, bounds: readonly Value[]): Value {
  if (bounds.length > 3) throw new RangeError(`too many slice indexes: ${bounds.length}`)
  const isList = typeof value === 'object' && value !== null && value.kind === 'list'
  if (typeof value !== 'string' && !isList) throw new RangeError(`can't slice item of type ${typeName(value)}`)
  if (typeof value === 'string' && bounds.length === 3) throw new RangeError('cannot 3-index slice a string')
  const bytes = typeof value === 'string' ? utf8(value) : undefined
  const length = bytes === undefined ? (value as { items: readonly Value[] }).items.length : bytes.length
  const ends = bounds.map((bound) => position(bound, length + 1))
  const [start = 0, end = length] = ends
  if (start > end) throw new RangeError(`invalid slice index: ${start} > ${end}`)
  if (bytes !== undefined) return new TextDecoder().decode(bytes.slice(start, end))
  const list = value as Extract<Value, { kind: 'list' }>
  return { ...list, items: list.items.slice(start, end) }
}

function callValue([callee, ...args]: readonly Value[], host: Host): Value {
  if (callee === undefined || callee === null) throw new RangeError('call of nil')
  if (typeof callee !== 'object' || callee.kind !== 'function') {
    throw new RangeError(`non-function of type ${typeName(callee)}`)
  }
  const { parameters, rest } = callee.function
  if (rest === undefined ? args.length !== parameters.length : args.length < parameters.length) {
    throw new RangeError(`wrong number of args: got ${args.length} want ${rest === undefined ? '' : 'at least '}${parameters.length}`)
  }
  for (const [index, arg] of args.entries()) {
    const parameter = parameters[index] ?? rest
    if (parameter?.accepts(arg) === false)
      throw new RangeError(`arg ${index}: value has type ${typeName(arg)}; should be ${parameter.type}`)
  }
  return callee.function.call(args, host)
}
