// Tokens → trees, by recursive descent. One text gives one main tree and those that it defines. What can be known
// without data is checked here: functions exist, variables are declared, blocks are closed.

import { TemplateError } from './error.ts'
import { lex, type Token, type TokenKind } from './lex.ts'
import {
  type Branch,
  type Command,
  nodeText,
  type Operand,
  type Pipe,
  type Statement,
  type TemplateCall,
  type VariableNode,
} from './node.ts'
import { charNumber, plainNumber } from './number-literal.ts'
import { unquote } from './unquote.ts'

/** One template: its statements, and the text that its positions count in. */
export interface Tree {
  /** What the whole text was called when it was parsed. */
  readonly source: string
  readonly text: string
  readonly statements: readonly Statement[]
}

/** Trees by template name; maps of several texts may be put together, the later definition winning. */
export type Trees = ReadonlyMap<string, Tree>

/**
 * Parses a template's text. The main tree stands under `name`, those of `define` and `block` under theirs.
 * @throws TemplateError `parse`
 */
export function parse(name: string, text: string, isFunction: (name: string) => boolean): Trees {
  const trees = new Map<string, readonly Statement[]>()
  const main = new Parser(name, lex(text), isFunction, trees).main()
  const earlier = trees.get(name)
  if (earlier === undefined || isEmpty(earlier)) trees.set(name, main)
  return new Map([...trees].map(([defined, statements]) => [defined, { source: name, text, statements }]))
}

function isEmpty(tree: readonly Statement[]): boolean {
  return tree.every((statement) => statement.kind === 'text' && statement.text.trim() === '')
}

/** How a list of statements ended. */
type Ending = 'end' | 'else' | 'else if' | 'else with'

const OPERAND_KINDS = new Set<TokenKind>([
  'bool',
  'char-constant',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'string',
  'variable',
  'open',
])

class Parser {
  readonly #name: string
  readonly #tokens: readonly Token[]
  readonly #isFunction: (name: string) => boolean
  readonly #trees: Map<string, readonly Statement[]>
  #at = 0
  #variables: string[] = ['$']
  #rangeDepth = 0
  #actionLine = 0

  constructor(name: string, tokens: readonly Token[], isFunction: (name: string) => boolean, trees: Map<string, readonly Statement[]>) {
    this.#name = name
    this.#tokens = tokens
    this.#isFunction = isFunction
    this.#trees = trees
  }

  main(): readonly Statement[] {
    const statements: Statement[] = []
    while (this.#peek().kind !== 'eof') {
      if (this.#peek().kind === 'left' && this.#isDefine()) {
        this.#definition()
        continue
      }
      const statement = this.#statement()
      if (typeof statement === 'string') this.#fail(`unexpected {{${statement.split(' ')[0]}}}`)
      statements.push(statement)
    }
    return statements
  }

  #isDefine(): boolean {
    const start = this.#at
    this.#next()
    const token = this.#nextNonSpace()
    if (token.kind === 'keyword' && token.text === 'define') return true
    this.#at = start
    return false
  }

  #definition(): void {
    const name = this.#unquote(this.#expect('string', 'define clause'))
    this.#expect('right', 'define clause')
    this.#define(name, 'define clause')
  }

  /** Reads the body of `define` or `block`; it sees no variables of the text around it. */
  #define(name: string, context: string): void {
    const { variables, depth } = { variables: this.#variables, depth: this.#rangeDepth }
    this.#variables = ['$']
    this.#rangeDepth = 0
    const [body, ending] = this.#list()
    if (ending !== 'end') this.#fail(`unexpected {{else}} in ${context}`)
    this.#variables = variables
    this.#rangeDepth = depth
    const earlier = this.#trees.get(name)
    if (earlier !== undefined && !isEmpty(earlier) && !isEmpty(body)) {
      this.#fail(`template: multiple definition of template ${JSON.stringify(name)}`)
    }
    if (earlier === undefined || isEmpty(earlier)) this.#trees.set(name, body)
  }

  #list(): [body: readonly Statement[], ending: Ending] {
    const body: Statement[] = []
    while (this.#peekNonSpace().kind !== 'eof') {
      const statement = this.#statement()
      if (typeof statement === 'string') return [body, statement]
      body.push(statement)
    }
    return this.#fail('unexpected EOF')
  }

  #statement(): Statement | Ending {
    const token = this.#nextNonSpace()
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.text }
    if (token.kind !== 'left') return this.#unexpected(token, 'input')
    this.#actionLine = token.line
    const first = this.#nextNonSpace()
    if (first.kind === 'keyword') return this.#keyword(first)
    this.#back()
    return { kind: 'action', at: first.at, pipe: this.#pipe('command', 'right') }
  }

  #keyword(token: Token): Statement | Ending {
    switch (token.text) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(token.text)
      case 'end':
        this.#expect('right', 'end')
        return 'end'
      case 'else':
        return this.#else()
      case 'template':
        return this.#templateCall()
      case 'block':
        return this.#block()
      case 'break':
      case 'continue':
        this.#expect('right', `{{${token.text}}}`)
        if (this.#rangeDepth === 0) this.#fail(`{{${token.text}}} outside {{range}}`)
        return { kind: token.text, at: token.at }
      default:
        return this.#unexpected(token, 'command')
    }
  }

  #else(): Ending {
    const next = this.#peekNonSpace()
    if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with')) {
      this.#nextNonSpace()
      return `else ${next.text}`
    }
    this.#expect('right', 'else')
    return 'else'
  }

  #branch(kind: Branch['kind']): Branch {
    const variables = this.#variables.length
    const pipe = this.#pipe(kind, 'right')
    if (kind === 'range') this.#rangeDepth++
    const [body, ending] = this.#list()
    if (kind === 'range') this.#rangeDepth--
    const otherwise = this.#otherwise(kind, ending)
    this.#variables.length = variables
    return { kind, at: pipe.at, pipe, body, otherwise }
  }

  #otherwise(kind: Branch['kind'], ending: Ending): readonly Statement[] | undefined {
    if (ending === 'end') return undefined
    if (ending === 'else') {
      const [otherwise, last] = this.#list()
      if (last !== 'end') this.#fail(`expected end; found {{else}}`)
      return otherwise
    }
    // `else if` needs no `end` of its own: the inner branch takes the one that closes the outer.
    if (ending === 'else if' && kind === 'if') return [this.#branch('if')]
    if (ending === 'else with' && kind === 'with') return [this.#branch('with')]
    return this.#fail(`unexpected <${ending.slice(5)}> in input`)
  }

  #templateCall(): TemplateCall {
    const token = this.#nextNonSpace()
    const name = this.#templateName(token, 'template clause')
    const next = this.#nextNonSpace()
    if (next.kind === 'right') return { kind: 'template', at: token.at, name, pipe: undefined }
    this.#back()
    return { kind: 'template', at: token.at, name, pipe: this.#pipe('template clause', 'right') }
  }

  #block(): TemplateCall {
    const token = this.#nextNonSpace()
    const name = this.#templateName(token, 'block clause')
    const pipe = this.#pipe('block clause', 'right')
    this.#define(name, 'block clause')
    return { kind: 'template', at: token.at, name, pipe }
  }

  #templateName(token: Token, context: string): string {
    return token.kind === 'string' ? this.#unquote(token) : this.#unexpected(token, context)
  }

  #pipe(context: string, closing: 'right' | 'close'): Pipe {
    const at = this.#peekNonSpace().at
    const { declared, assigns } = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      const token = this.#nextNonSpace()
      if (token.kind === closing) break
      if (!OPERAND_KINDS.has(token.kind)) this.#unexpected(token, context)
      this.#back()
      commands.push(this.#command())
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`)
    for (const [index, command] of commands.entries()) {
      if (index > 0 && ['bool', 'dot', 'nil', 'number', 'string'].includes((command.args[0] as Operand).kind)) {
        this.#fail(`non executable command in pipeline stage ${index + 1}`)
      }
    }
    return { kind: 'pipe', at, declared, assigns, commands }
  }

  #declarations(context: string): Pick<Pipe, 'declared' | 'assigns'> {
    const declared: VariableNode[] = []
    for (;;) {
      const variable = this.#peekNonSpace()
      if (variable.kind !== 'variable') return { declared, assigns: false }
      const start = this.#at
      this.#nextNonSpace()
      const next = this.#nextNonSpace()
      if (next.kind === 'assign' || next.kind === 'declare') {
        this.#declare(variable, declared)
        return { declared, assigns: next.kind === 'assign' }
      }
      if (!(next.kind === 'char' && next.text === ',')) {
        this.#at = start
        return { declared, assigns: false }
      }
      this.#declare(variable, declared)
      if (context !== 'range' || declared.length > 1) this.#fail(`too many declarations in ${context}`)
      if (!['variable', 'right', 'close'].includes(this.#peekNonSpace().kind)) this.#fail('range can only initialize variables')
    }
  }

  /** Go lets an assignment pass too, and finds out when it runs that there is no such variable. */
  #declare(variable: Token, declared: VariableNode[]): void {
    declared.push({ kind: 'variable', at: variable.at, path: [variable.text] })
    this.#variables.push(variable.text)
  }

  #command(): Command {
    const at = this.#peekNonSpace().at
    const args: Operand[] = []
    for (;;) {
      this.#peekNonSpace()
      const operand = this.#operand()
      if (operand !== undefined) args.push(operand)
      const token = this.#next()
      if (token.kind === 'space') continue
      if (token.kind === 'right' || token.kind === 'close') this.#back()
      else if (token.kind !== 'pipe') this.#unexpected(token, 'operand')
      break
    }
    if (args.length === 0) this.#fail('empty command')
    return { kind: 'command', at, args }
  }

  #operand(): Operand | undefined {
    const operand = this.#term()
    if (operand === undefined || this.#peek().kind !== 'field') return operand
    const at = this.#peek().at
    const path: string[] = []
    while (this.#peek().kind === 'field') path.push(this.#next().text.slice(1))
    switch (operand.kind) {
      case 'field':
      case 'variable':
        return { ...operand, at, path: [...operand.path, ...path] }
      case 'identifier':
      case 'chain':
      case 'pipe':
        return { kind: 'chain', at, operand, path }
      default:
        return this.#fail(`unexpected . after term ${JSON.stringify(nodeText(operand))}`)
    }
  }

  #term(): Operand | undefined {
    const token = this.#nextNonSpace()
    const { at, text } = token
    switch (token.kind) {
      case 'identifier':
        if (!this.#isFunction(text)) this.#fail(`function ${JSON.stringify(text)} not defined`)
        return { kind: 'identifier', at, name: text }
      case 'dot':
      case 'nil':
        return { kind: token.kind, at }
      case 'bool':
        return { kind: 'bool', at, value: text === 'true' }
      case 'variable':
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${JSON.stringify(text)}`)
        return { kind: 'variable', at, path: [text] }
      case 'field':
        return { kind: 'field', at, path: [text.slice(1)] }
      case 'number':
      case 'char-constant':
        return this.#number(token)
      case 'string':
        return { kind: 'string', at, value: this.#unquote(token), quoted: text }
      case 'open':
        return this.#pipe('parenthesized pipeline', 'close')
      default:
        this.#back()
        return undefined
    }
  }

  #number(token: Token): Operand {
    const number =
      token.kind === 'char-constant' ? charNumber(token.at, token.text, this.#unquote(token)) : plainNumber(token.at, token.text)
    return typeof number === 'string' ? this.#fail(number) : number
  }

  #unquote(token: Token): string {
    try {
      return unquote(token.text)
    } catch {
      return this.#fail('invalid syntax')
    }
  }

  #next(): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token
    this.#at++
    return token
  }

  #back(): void {
    this.#at--
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token
  }

  #nextNonSpace(): Token {
    let token = this.#next()
    while (token.kind === 'space') token = this.#next()
    return token
  }

  /** Skips spaces and gives what follows without taking it. */
  #peekNonSpace(): Token {
    const token = this.#nextNonSpace()
    this.#back()
    return token
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#nextNonSpace()
    return token.kind === kind ? token : this.#unexpected(token, context)
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') return this.#fail(`unexpected ${tokenText(token)} in ${context}`)
    if (this.#actionLine === 0 || this.#actionLine === token.line) return this.#fail(token.text)
    const where = `started at ${this.#name}:${this.#actionLine}`
    return this.#fail(`${token.text}${token.text.endsWith(' action') ? '' : ' in action'} ${where}`)
  }

  #fail(message: string): never {
    const line = (this.#tokens[Math.min(Math.max(this.#at - 1, 0), this.#tokens.length - 1)] as Token).line
    throw new TemplateError('parse', `template: ${this.#name}:${line}: ${message}`)
  }
}

/** A token as Go names it in a message. */
function tokenText(token: Token): string {
  if (token.kind === 'eof') return 'EOF'
  if (token.kind === 'keyword' || token.kind === 'dot' || token.kind === 'nil') return `<${token.text}>`
  return token.text.length > 10 ? `${JSON.stringify(token.text.slice(0, 10))}...` : JSON.stringify(token.text)
}
