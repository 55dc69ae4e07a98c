// What an action prints into HTML is escaped for where it stands: between tags, in an attribute, in an address, in a
// script. A scan over the text finds these places once, when the template is parsed; Go's html/template does the
// same. The two arms of a branch have to end in the same place.

import { TemplateError } from './error.ts'
import { escapeText, textEscapers } from './html-escape.ts'
import { type HtmlContext, scanHtml, startContext } from './html-scan.ts'
import type { Action, Statement } from './node.ts'
import type { Trees } from './parse.ts'
import type { Value } from './value.ts'

/**
 * Finds the place of every action of the template `name` and of those it calls.
 * @throws TemplateError `parse` when the place of an action would depend on the data.
 */
export function escapers(name: string, trees: Trees): (action: Action, value: Value) => string {
  const placement = new Placement(name, trees)
  placement.template(name, startContext)
  // Templates that only `tmpl` calls start as text does.
  for (const other of trees.keys()) placement.template(other, startContext)
  return (action, value) => {
    const context = placement.contexts.get(action)
    return context === undefined ? escapeText(value) : textEscapers(context)(value)
  }
}

class Placement {
  readonly contexts = new Map<Action, HtmlContext>()
  readonly #name: string
  readonly #trees: Trees
  readonly #ends = new Map<string, HtmlContext>()

  constructor(name: string, trees: Trees) {
    this.#name = name
    this.#trees = trees
  }

  template(name: string, start: HtmlContext): HtmlContext {
    const tree = this.#trees.get(name)
    if (tree === undefined) return start
    const known = this.#ends.get(name)
    if (known !== undefined) return known
    // A template that calls itself ends where it starts.
    this.#ends.set(name, start)
    const end = this.#list(tree.statements, start)
    this.#ends.set(name, end)
    return end
  }

  #list(statements: readonly Statement[], start: HtmlContext): HtmlContext {
    let context = start
    for (const statement of statements) context = this.#statement(statement, context)
    return context
  }

  #statement(statement: Statement, context: HtmlContext): HtmlContext {
    switch (statement.kind) {
      case 'text':
        return scanHtml(statement.text, context)
      case 'action':
        if (statement.pipe.declared.length > 0) return context
        this.contexts.set(statement, context)
        return scanHtml('x', context, true)
      case 'template':
        return this.template(statement.name, context)
      case 'if':
      case 'with':
      case 'range': {
        const body = this.#list(statement.body, context)
        const otherwise = statement.otherwise === undefined ? context : this.#list(statement.otherwise, context)
        return this.#join(body, otherwise, statement.kind)
      }
      default:
        return context
    }
  }

  #join(left: HtmlContext, right: HtmlContext, kind: string): HtmlContext {
    if (left.state === right.state && left.quote === right.quote && left.attribute === right.attribute) {
      return left.urlPart === right.urlPart ? left : { ...left, urlPart: 'unknown' }
    }
    const message = `html/template:${this.#name}: {{${kind}}} branches end in different contexts: ${left.state}, ${right.state}`
    throw new TemplateError('parse', message)
  }
}
