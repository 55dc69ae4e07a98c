// The tree of a template. Positions are UTF-16 offsets into the whole text that the template was parsed from.

export type Operand =
  | { readonly kind: 'dot'; readonly at: number }
  | { readonly kind: 'nil'; readonly at: number }
  | { readonly kind: 'bool'; readonly at: number; readonly value: boolean }
  | NumberNode
  | { readonly kind: 'string'; readonly at: number; readonly value: string; readonly quoted: string }
  | { readonly kind: 'field'; readonly at: number; readonly path: readonly string[] }
  | VariableNode
  | { readonly kind: 'identifier'; readonly at: number; readonly name: string }
  | { readonly kind: 'chain'; readonly at: number; readonly operand: Operand; readonly path: readonly string[] }
  | Pipe

export interface NumberNode {
  readonly kind: 'number'
  readonly at: number
  readonly text: string
  /** Set when the number is whole. */
  readonly int: bigint | undefined
  readonly float: number
  /** True when it is written as a float, so that it is one where nothing says which type is wanted. */
  readonly writtenAsFloat: boolean
}

/** `$name.a.b`: the first of `path` is the variable with its dollar. */
export interface VariableNode {
  readonly kind: 'variable'
  readonly at: number
  readonly path: readonly string[]
}

export interface Command {
  readonly kind: 'command'
  readonly at: number
  /** At least one. */
  readonly args: readonly Operand[]
}

export interface Pipe {
  readonly kind: 'pipe'
  readonly at: number
  readonly declared: readonly VariableNode[]
  /** `=` rather than `:=`. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

export type Statement =
  | { readonly kind: 'text'; readonly at: number; readonly text: string }
  | Action
  | Branch
  | TemplateCall
  | { readonly kind: 'break' | 'continue'; readonly at: number }

export interface Action {
  readonly kind: 'action'
  readonly at: number
  readonly pipe: Pipe
}

export interface Branch {
  readonly kind: 'if' | 'with' | 'range'
  readonly at: number
  readonly pipe: Pipe
  readonly body: readonly Statement[]
  readonly otherwise: readonly Statement[] | undefined
}

export interface TemplateCall {
  readonly kind: 'template'
  readonly at: number
  readonly name: string
  readonly pipe: Pipe | undefined
}

export type TreeNode = Operand | Command | Statement

/** The node as Go prints it in an error message. */
export function nodeText(node: TreeNode): string {
  switch (node.kind) {
    case 'dot':
      return '.'
    case 'nil':
    case 'break':
    case 'continue':
      return node.kind === 'nil' ? 'nil' : `{{${node.kind}}}`
    case 'bool':
      return String(node.value)
    case 'number':
    case 'text':
      return node.text
    case 'string':
      return node.quoted
    case 'field':
      return node.path.map((name) => `.${name}`).join('')
    case 'variable':
      return node.path.join('.')
    case 'identifier':
      return node.name
    case 'chain':
      return `${argumentText(node.operand)}${node.path.map((name) => `.${name}`).join('')}`
    case 'command':
      return node.args.map(argumentText).join(' ')
    case 'pipe':
      return pipeText(node)
    case 'action':
      return `{{${pipeText(node.pipe)}}}`
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipe === undefined ? '' : ` ${pipeText(node.pipe)}`}}}`
    default: {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${node.otherwise.map(nodeText).join('')}`
      return `{{${node.kind} ${pipeText(node.pipe)}}}${node.body.map(nodeText).join('')}${otherwise}{{end}}`
    }
  }
}

function argumentText(node: Operand): string {
  return node.kind === 'pipe' ? `(${pipeText(node)})` : nodeText(node)
}

function pipeText(pipe: Pipe): string {
  const declared = pipe.declared.map((variable) => variable.path[0]).join(', ')
  const prefix = declared === '' ? '' : `${declared} ${pipe.assigns ? '=' : ':='} `
  return prefix + pipe.commands.map(nodeText).join(' | ')
}
