// Random queries over the data, in the language that 2.42 and 3.x both have.

import fc from 'fast-check'

/** Where the languages or their arithmetic differ, with the script that covers each. */
export const excluded: readonly (readonly [reason: string, pattern: RegExp])[] = [
  ['2.42 keeps the name through atan2 (arithmetic.test)', /\batan2\b/],
  [
    '2.42 sums squares without compensation: values far from zero lose digits (over-time.test)',
    /std(dev|var)(_over_time)?\b.*requests_total/,
  ],
  ['Go on amd64 takes the logarithm of numbers below 2^-1022 as that of 2^-1023 (math.test)', /\bln\b.*\bexp\b/],
]

const pick = fc.constantFrom
const counter = pick('requests_total', 'requests_total{job="web"}', 'requests_total{code!="200"}', 'requests_total{instance=~"a|b"}')
const gauge = pick('temperature', 'temperature{job="db"}', 'temperature{instance!~"c"}', 'nothing')
const modifier = pick('', '', '', ' offset 5m', ' offset -2m', ' @ 1891', ' @ start()', ' @ end() offset 3m')
const range = pick('1m', '5m', '7m30s', '20m', '31s')
const ranged = fc
  .tuple(
    pick('rate', 'increase', 'delta', 'irate', 'idelta', 'changes', 'resets', 'deriv', 'absent_over_time', 'count_over_time'),
    counter,
    range,
    modifier,
  )
  .map(([name, metric, own, at]) => `${name}(${metric}[${own}]${at})`)
const overTime = fc
  .tuple(pick('sum', 'avg', 'min', 'max', 'count', 'last', 'stddev', 'stdvar', 'present'), gauge, range, modifier)
  .map(([name, metric, own, at]) => `${name}_over_time(${metric}[${own}]${at})`)
const leaf = fc.oneof(
  fc.tuple(fc.oneof(counter, gauge), modifier).map(([metric, at]) => `${metric}${at}`),
  ranged,
  overTime,
  fc.tuple(pick('0.1', '0.5', '0.99', '2', '-1'), range).map(([q, own]) => `quantile_over_time(${q}, temperature[${own}])`),
  range.map((own) => `predict_linear(temperature[${own}], 600)`),
  pick('build_info', 'vector(1)', 'vector(time())', 'hour()'),
)
const scalar = pick('1', '0', '-2.5', 'NaN', 'Inf', 'time()', 'scalar(build_info{job="web"})', 'pi()', '1 + 2 * 3 ^ 2 % 5')
const grouping = pick('', 'by (job)', 'by (instance, code)', 'without (instance)', 'without (code, job)', 'by ()')

export const few = fc
  .tuple(pick('topk', 'bottomk'), pick('1', '2', '3', '4', '9'), pick('', ' offset 5m', ' @ 1891'))
  .map(([operator, k, at]) => `${operator}(${k}, queue_length${at})`)
export const sorted = pick('sort(queue_length)', 'sort_desc(queue_length)', 'sort(queue_length offset 5m)')

export const { vector } = fc.letrec<{ vector: string }>((tie) => ({
  vector: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc
      .tuple(pick('sum', 'avg', 'min', 'max', 'count', 'group'), grouping, tie('vector'))
      .map(([operator, own, inner]) => `${operator} ${own} (${inner})`),
    fc
      .tuple(pick('topk', 'bottomk'), grouping, fc.oneof(counter, gauge))
      .map(([operator, own, inner]) => `${operator} ${own} (2, ${inner})`),
    fc.tuple(pick('0.5', '0.9', '-1'), grouping, tie('vector')).map(([q, own, inner]) => `quantile ${own} (${q}, ${inner})`),
    fc.tuple(grouping, counter).map(([own, inner]) => `count_values ${own} ("value", round(${inner}, 1000))`),
    fc
      .tuple(
        pick(
          'abs',
          'ceil',
          'floor',
          'exp',
          'sgn',
          'sqrt',
          'ln',
          'timestamp',
          'absent',
          'minute',
          'day_of_year',
          'sort',
          '-',
          'atan',
          'deg',
        ),
        tie('vector'),
      )
      .map(([name, inner]) => `${name}(${inner})`),
    fc.tuple(pick('clamp_min', 'clamp_max', 'round'), tie('vector')).map(([name, inner]) => `${name}(${inner}, 5)`),
    tie('vector').map((inner) => `label_replace(${inner}, "instance", "$1-x", "instance", "(a|b)")`),
    tie('vector').map((inner) => `label_join(${inner}, "all", "/", "job", "instance")`),
    fc
      .tuple(pick('+', '-', '*', '/', '%', '^', '==', '!=', '>', '<= bool'), tie('vector'), scalar)
      .map(([operator, inner, own]) => `(${inner}) ${operator} ${own}`),
    fc.tuple(scalar, pick('+', '/', '<', '>= bool'), tie('vector')).map(([own, operator, inner]) => `${own} ${operator} (${inner})`),
    fc
      .tuple(
        tie('vector'),
        pick('+', '-', '*', '/', '== bool', 'and', 'or', 'unless'),
        pick('', 'on (job)', 'on (job, instance)', 'ignoring (code)', 'on ()'),
        tie('vector'),
      )
      .map(([left, operator, matching, right]) => `(${left}) ${operator} ${matching} (${right})`),
    // Filters only where no labels are left out: 2.42 does not see ambiguous matches of samples that it filters out
    // (matching.test).
    fc.tuple(tie('vector'), pick('>', '==', '<='), tie('vector')).map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(
        tie('vector'),
        pick('*', '/', '< bool'),
        pick(
          'on (job) group_left ()',
          'on (job) group_left (version)',
          'on (job, instance) group_right ()',
          'ignoring (code, le) group_left ()',
        ),
        tie('vector'),
      )
      .map(([left, operator, matching, right]) => `(${left}) ${operator} ${matching} (${right})`),
    fc
      .tuple(
        pick('max', 'min', 'sum', 'avg', 'count', 'last'),
        tie('vector'),
        pick('7m7s', '10m7s'),
        pick('30s', '1m', '45s', ''),
        pick('', ' offset 4m', ' @ 1891'),
      )
      .map(([name, inner, own, step, at]) => `${name}_over_time((${inner})[${own}:${step}]${at})`),
    tie('vector').map(
      (inner) => `histogram_quantile(0.9, sum by (le, job) (rate(latency_bucket[5m]))) + on (job) group_left () sum by (job) (${inner})`,
    ),
  ),
}))
