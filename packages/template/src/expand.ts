// Templates run synchronously, but `query` has to wait for the engine. A run that meets a query whose answer is
// not known yet is given up, the query is asked, and the template runs again: the functions have no side effects
// and the time stands still, so the second run comes to the same place.

import type { Millis, VectorSample } from '@promlet/model'
import { TemplateError } from './error.ts'
import { prometheusFunctions, prometheusHtmlFunctions, queryResult } from './functions.ts'
import type { Limits } from './limits.ts'
import type { MissingKey } from './run.ts'
import { parseTemplate, type Template } from './template.ts'
import type { Environment, Value } from './value.ts'

export interface ExpanderOptions {
  readonly name: string
  readonly text: string
  readonly html?: boolean
  /** What a missing label gives; `zero`, as Prometheus has it: the empty text. */
  readonly missingKey?: MissingKey
  readonly limits?: Partial<Limits & { readonly queriesMax: number }>
}

export interface Expansion {
  readonly data: Value
  /** The evaluation's time: what `now` gives, and when queries are evaluated. */
  readonly at: Millis
  readonly externalUrl: string
  /** Evaluates PromQL at `at`; a scalar comes as one sample without labels. */
  query(expr: string): Promise<readonly VectorSample[]>
}

/** A template with Prometheus's functions. */
export interface Expander {
  /** @throws TemplateError `execute` or `limit` */
  expand(expansion: Expansion): Promise<string>
}

/** Different queries that one expansion may ask. */
const QUERIES_MAX = 1000

/** @throws TemplateError `parse` */
export function createExpander(options: ExpanderOptions): Expander {
  const { limits, ...rest } = options
  const functions = options.html === true ? prometheusHtmlFunctions : prometheusFunctions
  const template = inContext(`error parsing template ${options.name}`, () =>
    parseTemplate({ missingKey: 'zero', ...rest, functions, ...(limits && { limits }) }),
  )
  return { expand: (expansion) => expand(template, expansion, limits?.queriesMax ?? QUERIES_MAX) }
}

/** Thrown through a run to ask for the answer of a query. */
class Pending {
  readonly expr: string
  constructor(expr: string) {
    this.expr = expr
  }
}

async function expand(template: Template, expansion: Expansion, queriesMax: number): Promise<string> {
  const answers = new Map<string, Value | Error>()
  const environment: Environment = {
    nowSeconds: expansion.at / 1000,
    externalUrl: expansion.externalUrl,
    query: (expr) => answerOf(answers, expr),
  }
  for (;;) {
    try {
      return inContext(`error executing template ${template.name}`, () => template.run(expansion.data, environment))
    } catch (error) {
      if (!(error instanceof Pending)) throw error
      if (answers.size >= queriesMax) {
        throw new TemplateError('limit', `error executing template ${template.name}: more than ${queriesMax} queries`)
      }
      answers.set(error.expr, await ask(expansion, error.expr))
    }
  }
}

function answerOf(answers: ReadonlyMap<string, Value | Error>, expr: string): Value {
  const answer = answers.get(expr)
  if (answer instanceof Error) throw answer
  if (answer === undefined) throw new Pending(expr)
  return answer
}

async function ask(expansion: Expansion, expr: string): Promise<Value | Error> {
  try {
    return queryResult(await expansion.query(expr))
  } catch (error) {
    return new RangeError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function inContext<T>(context: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new TemplateError(error.code, `${context}: ${error.message}`, { cause: error })
  }
}
