// What every PromQL function takes and gives, as Prometheus 3.14 has it. The checker reads it to refuse wrong calls,
// the engine to find its implementations, an editor to complete names.

import type { ValueType } from './ast.ts'

/** The signature of one function. */
export interface FunctionSignature {
  readonly name: string
  readonly argTypes: readonly ValueType[]
  /**
   * How many arguments may be added or left out: 0 takes exactly `argTypes`; above 0 the last of `argTypes` is
   * optional and may be repeated up to this many times; -1 the same without an upper bound.
   */
  readonly variadic: number
  readonly returnType: ValueType
  /** True when Prometheus offers it only behind `--enable-feature=promql-experimental-functions`. */
  readonly isExperimental: boolean
}

type Extra = { readonly variadic?: number; readonly isExperimental?: boolean }

function signature(name: string, argTypes: readonly ValueType[], returnType: ValueType, extra: Extra = {}): FunctionSignature {
  return { name, argTypes, variadic: extra.variadic ?? 0, returnType, isExperimental: extra.isExperimental ?? false }
}

const experimental: Extra = { isExperimental: true }

const signatures: readonly FunctionSignature[] = [
  // From an instant vector, sample by sample.
  ...['abs', 'ceil', 'exp', 'floor', 'ln', 'log10', 'log2', 'sgn', 'sqrt'].map(fromVector),
  ...['acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cos', 'cosh', 'sin', 'sinh', 'tan', 'tanh', 'deg', 'rad'].map(fromVector),
  signature('clamp', ['vector', 'scalar', 'scalar'], 'vector'),
  signature('clamp_max', ['vector', 'scalar'], 'vector'),
  signature('clamp_min', ['vector', 'scalar'], 'vector'),
  signature('round', ['vector', 'scalar'], 'vector', { variadic: 1 }),
  fromVector('timestamp'),
  signature('start_timestamp', ['vector'], 'vector', experimental),

  // Over the samples of a range.
  ...['changes', 'delta', 'deriv', 'idelta', 'increase', 'irate', 'rate', 'resets'].map(fromMatrix),
  ...['absent', 'avg', 'count', 'first', 'last', 'max', 'min', 'present', 'stddev', 'stdvar', 'sum'].map((name) =>
    fromMatrix(`${name}_over_time`),
  ),
  ...['mad', 'ts_of_first', 'ts_of_last', 'ts_of_max', 'ts_of_min'].map((name) =>
    signature(`${name}_over_time`, ['matrix'], 'vector', experimental),
  ),
  signature('quantile_over_time', ['scalar', 'matrix'], 'vector'),
  signature('predict_linear', ['matrix', 'scalar'], 'vector'),
  signature('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], 'vector', experimental),

  // Of histograms.
  ...['histogram_avg', 'histogram_count', 'histogram_stddev', 'histogram_stdvar', 'histogram_sum'].map(fromVector),
  signature('histogram_fraction', ['scalar', 'scalar', 'vector'], 'vector'),
  signature('histogram_quantile', ['scalar', 'vector'], 'vector'),
  signature('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], 'vector', { variadic: 9, isExperimental: true }),

  // Of whole vectors and their labels.
  ...['absent', 'sort', 'sort_desc'].map(fromVector),
  signature('sort_by_label', ['vector', 'string'], 'vector', { variadic: -1, isExperimental: true }),
  signature('sort_by_label_desc', ['vector', 'string'], 'vector', { variadic: -1, isExperimental: true }),
  signature('label_replace', ['vector', 'string', 'string', 'string', 'string'], 'vector'),
  signature('label_join', ['vector', 'string', 'string', 'string'], 'vector', { variadic: -1 }),
  signature('info', ['vector', 'vector'], 'vector', { variadic: 1, isExperimental: true }),
  signature('scalar', ['vector'], 'scalar'),
  signature('vector', ['scalar'], 'vector'),

  // Of time: the argument may be left out and is then the time of the evaluation.
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute', 'month', 'year'].map((name) =>
    signature(name, ['vector'], 'vector', { variadic: 1 }),
  ),

  // Scalars from nothing: of the evaluation, and of the whole query.
  signature('pi', [], 'scalar'),
  signature('time', [], 'scalar'),
  ...['start', 'end', 'range', 'step'].map((name) => signature(name, [], 'scalar', experimental)),
  signature('min_of', ['scalar', 'scalar'], 'scalar', experimental),
  signature('max_of', ['scalar', 'scalar'], 'scalar', experimental),
]

function fromVector(name: string): FunctionSignature {
  return signature(name, ['vector'], 'vector')
}

function fromMatrix(name: string): FunctionSignature {
  return signature(name, ['matrix'], 'vector')
}

/** All functions by name. */
export const functionSignatures: ReadonlyMap<string, FunctionSignature> = new Map(signatures.map((entry) => [entry.name, entry]))
