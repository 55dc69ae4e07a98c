// What a template computes with. Go's types matter to templates: `1` prints unlike `1.0` and does not compare with
// it, a missing key prints by its map's type. So a float64 is a `number`, an int a `bigint`, and the composite kinds
// carry the name of their Go type. `undefined` is no value at all (a missing key), `null` a nil.

export type Value = undefined | null | boolean | number | bigint | string | List | Dict | Struct | Html | Callable

export interface List {
  readonly kind: 'list'
  /** As Go prints it: `[]string`. */
  readonly type: string
  readonly items: readonly Value[]
  /** Methods of a named list type. */
  readonly method?: (name: string) => TemplateFunction | undefined
}

export interface Dict {
  readonly kind: 'dict'
  readonly type: string
  readonly entries: ReadonlyMap<string, Value>
  /** The zero value of the map's elements: what a missing key gives. */
  readonly zero: Value
  readonly method?: (name: string) => TemplateFunction | undefined
}

export interface Struct {
  readonly kind: 'struct'
  readonly type: string
  readonly fields: ReadonlyMap<string, Value>
  readonly method?: (name: string) => TemplateFunction | undefined
  /** The text of a type that knows how to print itself. */
  readonly text?: () => string
}

/** Text that is HTML already and is not escaped again. */
export interface Html {
  readonly kind: 'html'
  readonly html: string
}

/** A function held as a value, for `call`. */
export interface Callable {
  readonly kind: 'function'
  readonly function: TemplateFunction
}

/** The type of a parameter: what it accepts, and what a literal written in its place becomes. */
export interface Parameter {
  readonly type: string
  readonly literal: 'any' | 'string' | 'float' | 'int' | 'bool' | 'none'
  readonly nilable: boolean
  accepts(value: Value): boolean
}

export interface TemplateFunction {
  readonly parameters: readonly Parameter[]
  /** Any number of these after `parameters`. */
  readonly rest?: Parameter
  /** Arguments are checked against the parameters. What it throws becomes `error calling <name>: <message>`. */
  call(args: readonly Value[], host: Host): Value
}

/** What functions may ask of the run that calls them. */
export interface Host {
  /** Runs a template of the same set and gives its text. */
  execute(name: string, data: Value): string
  readonly environment: Environment
}

/** What functions may ask of the world. */
export interface Environment {
  /** The result of a PromQL query as a list of samples. */
  query?(expr: string): Value
  /** Seconds since the Unix epoch: the evaluation's time. */
  readonly nowSeconds: number
  readonly externalUrl: string
}

export type FunctionMap = ReadonlyMap<string, TemplateFunction>

export const anyParameter: Parameter = { type: 'interface {}', literal: 'any', nilable: true, accepts: () => true }
export const stringParameter: Parameter = parameter('string', 'string', (value) => typeof value === 'string')
export const floatParameter: Parameter = parameter('float64', 'float', (value) => typeof value === 'number')
export const intParameter: Parameter = parameter('int', 'int', (value) => typeof value === 'bigint')

function parameter(type: string, literal: Parameter['literal'], accepts: (value: Value) => boolean): Parameter {
  return { type, literal, nilable: false, accepts }
}

/** A parameter that takes one composite type; a pointer to it counts as it. */
export function namedParameter(type: string): Parameter {
  const bare = type.replace(/^\*/, '')
  return { type, literal: 'none', nilable: type.startsWith('*'), accepts: (value) => typeName(value).replace(/^\*/, '') === bare }
}

/** The name of a value's Go type. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
      return 'float64'
    case 'bigint':
      return 'int'
    case 'boolean':
      return 'bool'
    case 'undefined':
      return '<nil>'
  }
  if (value === null) return '<nil>'
  if (value.kind === 'html') return 'template.HTML'
  return value.kind === 'function' ? 'func' : value.type
}

/** Truth as `if`, `and` and `not` see it: not the zero of its type. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null) return false
  if (typeof value !== 'object') {
    if (typeof value === 'number') return value !== 0
    return Boolean(value)
  }
  switch (value.kind) {
    case 'list':
      return value.items.length > 0
    case 'dict':
      return value.entries.size > 0
    case 'html':
      return value.html !== ''
    default:
      return true
  }
}

/** A `map[string]string`, such as the labels of a series. */
export function stringDict(entries: Iterable<readonly [string, string]>): Dict {
  return { kind: 'dict', type: 'map[string]string', entries: new Map(entries), zero: '' }
}

/** A `map[string]interface {}`. */
export function anyDict(entries: Iterable<readonly [string, Value]>): Dict {
  return { kind: 'dict', type: 'map[string]interface {}', entries: new Map(entries), zero: undefined }
}

export function list(type: string, items: readonly Value[]): List {
  return { kind: 'list', type, items }
}

export function struct(type: string, fields: Readonly<Record<string, Value>>): Struct {
  return { kind: 'struct', type, fields: new Map(Object.entries(fields)) }
}

/** Go's name without the pointer, as after following it. */
export function bareType(value: Value): string {
  return typeName(value).replace(/^\*/, '')
}

/** Bytes of the UTF-8 text, which is how Go counts and sorts. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
