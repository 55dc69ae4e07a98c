// Runs a tree over data. The place that an error names is the node last looked at, in the order in which Go looks
// at nodes. Everything is synchronous; what a function has to wait for is fetched between runs (see expand.ts).

import { compareText } from '@promlet/model'
import { TemplateError } from './error.ts'
import { valueText } from './format.ts'
import type { Limits } from './limits.ts'
import {
  type Action,
  type Branch,
  type Command,
  nodeText,
  type Operand,
  type Pipe,
  type Statement,
  type TemplateCall,
  type TreeNode,
} from './node.ts'
import type { Tree, Trees } from './parse.ts'
import { place } from './place.ts'
import {
  anyParameter,
  type Environment,
  type FunctionMap,
  type Host,
  isTrue,
  type Parameter,
  type TemplateFunction,
  typeName,
  type Value,
} from './value.ts'

/** What a missing map key gives: the zero of the map's elements, no value, or an error. */
export type MissingKey = 'zero' | 'default' | 'error'

export interface RunOptions {
  /** The template to run. */
  readonly name: string
  readonly trees: Trees
  readonly functions: FunctionMap
  readonly environment: Environment
  readonly missingKey: MissingKey
  readonly limits: Limits
  /** Turns what an action prints into text; plain printing when absent. */
  readonly print?: (action: Action, value: Value) => string
}

/** @throws TemplateError `execute` or `limit`; whatever functions throw that is no RangeError. */
export function run(options: RunOptions, data: Value): string {
  const runner = new Runner(options)
  return runner.execute(options.name, data)
}

/** Stands where a pipeline has no value from a command before. */
const NONE = Symbol('none')
type Final = Value | typeof NONE

const BREAK = Symbol('break')
const CONTINUE = Symbol('continue')
type Flow = undefined | typeof BREAK | typeof CONTINUE

class Runner implements Host {
  readonly environment: Environment
  readonly #options: RunOptions
  readonly #output: string[] = []
  #length = 0
  #statements = 0
  #depth = 0
  #template: string
  #tree: Tree | undefined
  #node: TreeNode | undefined
  #variables: { name: string; value: Value }[] = []

  constructor(options: RunOptions) {
    this.environment = options.environment
    this.#options = options
    this.#template = options.name
  }

  execute(name: string, data: Value): string {
    const tree = this.#options.trees.get(name)
    if (tree === undefined)
      throw new RangeError(`template: no template ${JSON.stringify(name)} associated with template ${JSON.stringify(this.#options.name)}`)
    const mark = this.#output.length
    this.#enter(name, tree, data)
    return this.#output.splice(mark).join('')
  }

  /** Runs a template with variables of its own. */
  #enter(name: string, tree: Tree, data: Value): void {
    if (this.#depth >= this.#options.limits.depthMax) {
      this.#fail(`exceeded maximum template depth (${this.#options.limits.depthMax})`, 'limit')
    }
    const outer = { template: this.#template, tree: this.#tree, variables: this.#variables }
    this.#template = name
    this.#tree = tree
    this.#variables = [{ name: '$', value: data }]
    this.#depth++
    this.#list(data, tree.statements)
    this.#depth--
    this.#template = outer.template
    this.#tree = outer.tree
    this.#variables = outer.variables
  }

  #list(dot: Value, statements: readonly Statement[]): Flow {
    for (const statement of statements) {
      const flow = this.#statement(dot, statement)
      if (flow !== undefined) return flow
    }
    return undefined
  }

  #statement(dot: Value, statement: Statement): Flow {
    this.#node = statement
    this.#countStep()
    switch (statement.kind) {
      case 'text':
        this.#write(statement.text)
        return undefined
      case 'action':
        this.#action(dot, statement)
        return undefined
      case 'if':
      case 'with':
        return this.#ifOrWith(dot, statement)
      case 'range':
        return this.#range(dot, statement)
      case 'template':
        this.#call(dot, statement)
        return undefined
      case 'break':
        return BREAK
      case 'continue':
        return CONTINUE
    }
  }

  /** A statement, or an iteration of a range, whose body may be empty. */
  #countStep(): void {
    this.#statements++
    const { statementsMax } = this.#options.limits
    if (this.#statements > statementsMax) this.#fail(`exceeded maximum of ${statementsMax} executed statements`, 'limit')
  }

  #action(dot: Value, action: Action): void {
    const value = this.#pipe(dot, action.pipe)
    if (action.pipe.declared.length > 0) return
    this.#node = action
    if (typeof value === 'object' && value !== null && value.kind === 'function') {
      this.#fail(`can't print ${nodeText(action)} of type ${typeName(value)}`)
    }
    this.#write(this.#options.print === undefined ? printed(value) : this.#options.print(action, value))
  }

  #write(text: string): void {
    this.#length += text.length
    if (this.#length > this.#options.limits.outputMax) {
      this.#fail(`exceeded maximum output of ${this.#options.limits.outputMax} characters`, 'limit')
    }
    this.#output.push(text)
  }

  #ifOrWith(dot: Value, branch: Branch): Flow {
    const mark = this.#variables.length
    const value = this.#pipe(dot, branch.pipe)
    let flow: Flow
    if (isTrue(value)) flow = this.#list(branch.kind === 'with' ? value : dot, branch.body)
    else if (branch.otherwise !== undefined) flow = this.#list(dot, branch.otherwise)
    this.#variables.length = mark
    return flow
  }

  #range(dot: Value, branch: Branch): Flow {
    const start = this.#variables.length
    const value = this.#pipe(dot, branch.pipe)
    const mark = this.#variables.length
    let flow: Flow
    let iterations = 0
    for (const [key, element] of this.#elements(value)) {
      iterations++
      this.#countStep()
      this.#setLoopVariables(branch.pipe, key, element)
      const ended = this.#list(element, branch.body)
      this.#variables.length = mark
      if (ended === BREAK) break
    }
    if (iterations === 0 && branch.otherwise !== undefined) flow = this.#list(dot, branch.otherwise)
    this.#variables.length = start
    return flow
  }

  #setLoopVariables({ declared, assigns }: Pipe, key: Value, element: Value): void {
    const values = declared.length > 1 ? [key, element] : [element]
    for (const [index, variable] of declared.entries()) {
      const name = variable.path[0] as string
      if (assigns) this.#assign(name, values[index])
      else (this.#variables[this.#variables.length - declared.length + index] as { value: Value }).value = values[index]
    }
  }

  #elements(value: Value): Iterable<readonly [Value, Value]> {
    if (value === undefined || value === null) return []
    if (typeof value === 'bigint') return countUp(value)
    if (typeof value === 'object' && value.kind === 'list') return value.items.map((item, index) => [BigInt(index), item] as const)
    if (typeof value === 'object' && value.kind === 'dict') return [...value.entries].sort(([left], [right]) => compareText(left, right))
    return this.#fail(`range can't iterate over ${valueText(value)}`)
  }

  #call(dot: Value, call: TemplateCall): void {
    const tree = this.#options.trees.get(call.name)
    if (tree === undefined) this.#fail(`template ${JSON.stringify(call.name)} not defined`)
    const data = call.pipe === undefined ? undefined : this.#pipe(dot, call.pipe)
    this.#enter(call.name, tree, data)
  }

  #pipe(dot: Value, pipe: Pipe): Value {
    this.#node = pipe
    let value: Final = NONE
    for (const command of pipe.commands) value = this.#command(dot, command, value)
    for (const { path } of pipe.declared) {
      if (pipe.assigns) this.#assign(path[0] as string, value as Value)
      else this.#variables.push({ name: path[0] as string, value: value as Value })
    }
    return value as Value
  }

  #assign(name: string, value: Value): void {
    const variable = this.#variables.findLast((candidate) => candidate.name === name)
    if (variable === undefined) this.#fail(`undefined variable: ${name}`)
    variable.value = value
  }

  #command(dot: Value, command: Command, final: Final): Value {
    const [first, ...args] = command.args as [Operand, ...Operand[]]
    switch (first.kind) {
      case 'field':
      case 'variable':
      case 'chain':
        return this.#path(dot, first, args, final)
      case 'identifier':
        this.#node = first
        return this.#function(dot, first.name, command, args, final)
      case 'pipe':
        this.#takesNoArguments(first, args, final)
        return this.#pipe(dot, first)
    }
    this.#node = first
    this.#takesNoArguments(first, args, final)
    switch (first.kind) {
      case 'dot':
        return dot
      case 'nil':
        return this.#fail('nil is not a command')
      case 'number':
        return this.#idealNumber(first)
      default:
        return first.value
    }
  }

  #takesNoArguments(first: Operand, args: readonly Operand[], final: Final): void {
    if (args.length > 0 || final !== NONE) this.#fail(`can't give argument to non-function ${nodeText(first)}`)
  }

  #idealNumber(number: Extract<Operand, { kind: 'number' }>): Value {
    this.#node = number
    if (number.writtenAsFloat) return number.float
    return number.int ?? this.#fail(`${number.text} overflows int`)
  }

  /** `.a.b`, `$x.a.b`, `(pipe).a.b`; the last name may be a method and gets the arguments. */
  #path(dot: Value, node: Extract<Operand, { kind: 'field' | 'variable' | 'chain' }>, args: readonly Operand[], final: Final): Value {
    this.#node = node
    let receiver: Value = dot
    let path = node.path
    if (node.kind === 'variable') {
      const name = node.path[0] as string
      receiver = this.#variables.findLast((variable) => variable.name === name)?.value
      path = node.path.slice(1)
      if (path.length === 0) {
        this.#takesNoArguments(node, args, final)
        return receiver
      }
    } else if (node.kind === 'chain') {
      if (node.operand.kind === 'nil') this.#fail(`indirection through explicit nil in ${nodeText(node)}`)
      receiver = this.#argument(dot, anyParameter, node.operand)
    }
    for (const [index, name] of path.entries()) {
      const isLast = index === path.length - 1
      receiver = this.#field(dot, receiver, name, node, isLast ? args : [], isLast ? final : NONE)
    }
    return receiver
  }

  #field(dot: Value, receiver: Value, name: string, node: TreeNode, args: readonly Operand[], final: Final): Value {
    if (receiver === undefined) {
      if (this.#options.missingKey === 'error') this.#fail(`nil data; no entry for key ${JSON.stringify(name)}`)
      return undefined
    }
    if (receiver === null) return this.#fail(`nil pointer evaluating interface {}.${name}`)
    const composite = typeof receiver === 'object' ? receiver : undefined
    const method = composite !== undefined && 'method' in composite ? composite.method?.(name) : undefined
    if (method !== undefined) return this.#invoke(dot, method, name, node, args, final)
    const hasArguments = args.length > 0 || final !== NONE
    if (composite?.kind === 'struct' && composite.fields.has(name)) {
      if (hasArguments) this.#fail(`${name} has arguments but cannot be invoked as function`)
      return composite.fields.get(name)
    }
    if (composite?.kind === 'dict') {
      if (hasArguments) this.#fail(`${name} is not a method but has arguments`)
      if (composite.entries.has(name)) return composite.entries.get(name)
      if (this.#options.missingKey === 'error') this.#fail(`map has no entry for key ${JSON.stringify(name)}`)
      return this.#options.missingKey === 'zero' ? composite.zero : undefined
    }
    return this.#fail(`can't evaluate field ${name} in type ${typeName(receiver)}`)
  }

  #function(dot: Value, name: string, node: TreeNode, args: readonly Operand[], final: Final): Value {
    const callee = this.#options.functions.get(name)
    if (callee === undefined) return this.#fail(`${JSON.stringify(name)} is not a defined function`)
    if (name === 'and' || name === 'or') return this.#andOr(dot, name, callee, args, final)
    return this.#invoke(dot, callee, name, node, args, final)
  }

  /** Stops at the first argument that decides. */
  #andOr(dot: Value, name: 'and' | 'or', callee: TemplateFunction, args: readonly Operand[], final: Final): Value {
    this.#checkCount(callee, name, args.length + (final === NONE ? 0 : 1))
    let value: Value
    for (const arg of args) {
      value = this.#argument(dot, anyParameter, arg)
      if (isTrue(value) === (name === 'or')) return value
    }
    return final === NONE ? value : final
  }

  #checkCount({ parameters, rest }: TemplateFunction, name: string, count: number): void {
    if (rest === undefined && count !== parameters.length) {
      this.#fail(`wrong number of args for ${name}: want ${parameters.length} got ${count}`)
    }
    if (count < parameters.length) this.#fail(`wrong number of args for ${name}: want at least ${parameters.length} got ${count}`)
  }

  #invoke(dot: Value, callee: TemplateFunction, name: string, node: TreeNode, args: readonly Operand[], final: Final): Value {
    const count = args.length + (final === NONE ? 0 : 1)
    this.#checkCount(callee, name, count)
    const parameterAt = (index: number) => (callee.parameters[index] ?? callee.rest) as Parameter
    const values = args.map((arg, index) => this.#argument(dot, parameterAt(index), arg))
    if (final !== NONE) values.push(this.#checkType(final, parameterAt(count - 1)))
    try {
      return callee.call(values, this)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#node = node
      return this.#fail(`error calling ${name}: ${error.message}`, 'execute', error)
    }
  }

  #argument(dot: Value, parameter: Parameter, node: Operand): Value {
    this.#node = node
    switch (node.kind) {
      case 'dot':
        return this.#checkType(dot, parameter)
      case 'nil':
        if (!parameter.nilable) this.#fail(`cannot assign nil to ${parameter.type}`)
        return null
      case 'field':
      case 'variable':
      case 'chain':
        return this.#checkType(this.#path(dot, node, [], NONE), parameter)
      case 'pipe':
        return this.#checkType(this.#pipe(dot, node), parameter)
      case 'identifier':
        return this.#checkType(this.#function(dot, node.name, node, [], NONE), parameter)
      default:
        return this.#literal(node, parameter)
    }
  }

  #literal(node: Extract<Operand, { kind: 'bool' | 'number' | 'string' }>, parameter: Parameter): Value {
    switch (parameter.literal) {
      case 'any':
        return node.kind === 'number' ? this.#idealNumber(node) : node.value
      case 'bool':
        return node.kind === 'bool' ? node.value : this.#fail(`expected bool; found ${nodeText(node)}`)
      case 'string':
        return node.kind === 'string' ? node.value : this.#fail(`expected string; found ${nodeText(node)}`)
      case 'float':
        return node.kind === 'number' ? node.float : this.#fail(`expected float; found ${nodeText(node)}`)
      case 'int':
        return node.kind === 'number' && node.int !== undefined ? node.int : this.#fail(`expected integer; found ${nodeText(node)}`)
      case 'none':
        return this.#fail(`can't handle ${nodeText(node)} for arg of type ${parameter.type}`)
    }
  }

  #checkType(value: Value, parameter: Parameter): Value {
    if (value === undefined || value === null) {
      return parameter.nilable ? value : this.#fail(`invalid value; expected ${parameter.type}`)
    }
    if (!parameter.accepts(value)) this.#fail(`wrong type for value; expected ${parameter.type}; got ${typeName(value)}`)
    return value
  }

  #fail(message: string, code: 'execute' | 'limit' = 'execute', cause?: unknown): never {
    const options = cause === undefined ? undefined : { cause }
    if (this.#node === undefined || this.#tree === undefined) {
      throw new TemplateError(code, `template: ${this.#template}: ${message}`, options)
    }
    const where = place(this.#tree.text, this.#node.at)
    const at = `${this.#tree.source}:${where}: executing ${JSON.stringify(this.#template)} at <${nodeText(this.#node)}>`
    throw new TemplateError(code, `template: ${at}: ${message}`, options)
  }
}

function* countUp(end: bigint): Iterable<readonly [Value, Value]> {
  for (let index = 0n; index < end; index++) yield [index, index]
}

/** What an action prints outside of HTML. */
export function printed(value: Value): string {
  return value === undefined ? '<no value>' : valueText(value)
}
