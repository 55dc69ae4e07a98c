// Explaining a query: it runs as it always does, with a recorder around its operators; then the tree is written, and
// the store's index is asked why there is nothing where there is nothing.

import { type Answer, type DurationMs, type Millis, type Queryable, QueryError } from '@promlet/model'
import type { Expr } from '../syntax/ast.ts'
import { valueType } from '../syntax/value-type.ts'
import { findReasons, type Reasons } from './empty.ts'
import type { ExplainNode, Explanation } from './explanation.ts'
import type { Recorder } from './recorder.ts'
import { type Explained, explainTree } from './tree.ts'

export interface ExplainRequest {
  readonly query: string
  readonly start: Millis
  readonly end: Millis
  /** 0 for an instant query. */
  readonly step: DurationMs
  readonly queryable: Queryable
  readonly signal: AbortSignal | undefined
}

/** What is told of an answer besides its value. */
export interface ExplainedAnswer extends Pick<Answer, 'warnings' | 'infos'> {
  readonly stats: {
    readonly queueMs: DurationMs
    readonly prepareMs: DurationMs
    readonly evalMs: DurationMs
    readonly totalMs: DurationMs
    readonly samplesTotal: number
    readonly samplesPeak: number
  }
}

/**
 * `run` runs the query with the recorder. A query that fails while it runs is explained as far as it came.
 * @throws QueryError for a query that does not parse, or is stopped by a limit of time or memory, or by its caller.
 */
export async function explainQuery(request: ExplainRequest, recorder: Recorder, run: () => Promise<ExplainedAnswer>): Promise<Explanation> {
  const outcome = await settle(run)
  const { expr, context } = recorder
  if (expr === undefined || context === undefined) throw outcome instanceof Error ? outcome : new RangeError('the query was not run')
  const tree = explainTree(request.query, recorder, expr)
  const { queryable, signal } = request
  const reasons = outcome instanceof Error ? NO_REASONS : await findReasons(tree, context, { queryable, signal })
  return {
    query: request.query,
    resultType: request.step > 0 ? 'matrix' : valueType(expr),
    start: request.start / 1000,
    end: request.end / 1000,
    step: request.step / 1000,
    ...outcomeParts(outcome),
    tree: withReasons(tree, reasons),
    empty: reasons.ofAnswer,
  }
}

const NO_REASONS: Reasons = { byExpr: new Map(), ofAnswer: [] }

async function settle(run: () => Promise<ExplainedAnswer>): Promise<ExplainedAnswer | QueryError> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof QueryError && error.code === 'execution') return error
    throw error
  }
}

function outcomeParts(outcome: ExplainedAnswer | QueryError): Pick<Explanation, 'timings' | 'samples' | 'warnings' | 'infos' | 'error'> {
  if (outcome instanceof QueryError) return { warnings: [], infos: [], error: outcome.message }
  const { stats, warnings, infos } = outcome
  const { queueMs, prepareMs, evalMs, totalMs, samplesTotal, samplesPeak } = stats
  return { timings: { queueMs, prepareMs, evalMs, totalMs }, samples: { total: samplesTotal, peak: samplesPeak }, warnings, infos }
}

function withReasons({ expr, shown, children }: Explained, reasons: Reasons): ExplainNode {
  const empty = reasons.byExpr.get(expr as Expr)
  const below = children.map((child) => withReasons(child, reasons))
  return { ...shown, ...(empty === undefined ? {} : { empty }), children: below }
}
