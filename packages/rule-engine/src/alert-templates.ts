import type { Labels, Millis, VectorSample } from '@promlet/model'
import { ALERT_PREAMBLE, alertData, createExpander, type Expander, type Expansion, TemplateError } from '@promlet/template'

/** What the templates of an alert may know and ask. */
export interface TemplateContext {
  readonly at: Millis
  readonly externalLabels: Labels
  readonly externalUrl: string
  query(expr: string): Promise<readonly VectorSample[]>
  /** Told of each expansion; `error` when it failed. */
  expanded(error: TemplateError | undefined): void
}

/** The labels or annotations of an alerting rule, compiled. */
export type LabelTemplates = readonly (readonly [name: string, expand: TemplateText])[]

type TemplateText = (expansion: Expansion, context: TemplateContext) => Promise<string> | string

/** Compiles label values that may be templates. A text that does not parse expands to its error, as in Prometheus. */
export function compileLabels(alert: string, labels: Labels): LabelTemplates {
  return [...labels].map(([name, text]) => [name, compileText(alert, text)] as const)
}

function compileText(alert: string, text: string): TemplateText {
  if (!text.includes('{{')) return () => text
  const expander = tryCompile(alert, text)
  return async (expansion, context) => {
    try {
      if (expander instanceof TemplateError) throw expander
      const expanded = await expander.expand(expansion)
      context.expanded(undefined)
      return expanded
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      context.expanded(error)
      return `<error expanding template: ${error.message}>`
    }
  }
}

function tryCompile(alert: string, text: string): Expander | TemplateError {
  try {
    return createExpander({ name: `__alert_${alert}`, text: ALERT_PREAMBLE + text })
  } catch (error) {
    if (error instanceof TemplateError) return error
    throw error
  }
}

/** The expanded pairs for one sample of the rule's expression. */
export async function expandLabels(
  templates: LabelTemplates,
  sample: VectorSample,
  context: TemplateContext,
): Promise<[name: string, value: string][]> {
  const { externalLabels, externalUrl, at } = context
  const data = alertData({ labels: sample.labels, externalLabels, externalUrl, value: sample.value, histogram: sample.histogram })
  const expansion: Expansion = { data, at, externalUrl, query: (expr) => context.query(expr) }
  const pairs: [string, string][] = []
  for (const [name, expand] of templates) pairs.push([name, await expand(expansion, context)])
  return pairs
}
