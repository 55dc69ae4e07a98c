import { parseExpr } from '@promlet/promql/syntax'
import { ALERT_PREAMBLE, parseTemplate, prometheusFunctions, TemplateError } from '@promlet/template'

/** What the loader of rule files cannot check by itself. Each gives the text of an error, or undefined. */
export interface RuleChecks {
  checkExpr(expr: string): string | undefined
  /** `name` is how the template is called in its errors. */
  checkTemplate(template: string, name: string): string | undefined
}

/** Checks of expressions and templates, to be given to the loader of rule files. */
export const ruleChecks: RuleChecks = {
  checkExpr: (expr) => problemOf(() => parseExpr(expr)),
  checkTemplate: (template, name) =>
    problemOf(() => parseTemplate({ name, text: ALERT_PREAMBLE + template, functions: prometheusFunctions })),
}

function problemOf(check: () => unknown): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof TemplateError || (error instanceof Error && error.name === 'QueryError')) return error.message
    throw error
  }
}
