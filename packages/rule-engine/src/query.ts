import { Labels, type Millis, type QueryEngine, type VectorSample } from '@promlet/model'
import { RuleError } from './error.ts'

/**
 * An instant query as rules ask it: a scalar comes as one sample without labels.
 * @throws QueryError, or RuleError `not-a-vector`
 */
export async function queryVector(
  engine: QueryEngine,
  expr: string,
  at: Millis,
  signal: AbortSignal | undefined,
): Promise<readonly VectorSample[]> {
  const { value } = await engine.instant(expr, at, signal === undefined ? {} : { signal })
  if (value.kind === 'vector') return value.samples
  if (value.kind === 'scalar') return [{ labels: Labels.empty, at: value.at, value: value.value }]
  throw new RuleError('not-a-vector', 'rule result is not a vector or scalar')
}
