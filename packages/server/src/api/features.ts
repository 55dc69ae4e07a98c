// What this server can do, for clients that would use it. Prometheus: util/features, cmd/prometheus/testdata
// features.json. The parts that Prometheus has behind flags are on, unless they were turned off.

import { compareText } from '@promlet/model'
import { functionSignatures } from '@promlet/promql/syntax'
import { readFeatureFlags } from '../feature-flags.ts'
import type { StackSettings } from '../settings.ts'
import type { Handler } from './answer.ts'

type Features = Readonly<Record<string, boolean>>

const on = (names: string): Features => Object.fromEntries(names.split(' ').map((name) => [name, true]))

const PROMQL = 'at_modifier bool by group_left group_right ignoring negative_offset offset on per_query_lookback_delta subqueries without'
const OPERATORS =
  '!= !~ % * + - / < <= == =~ > >= @ ^ and atan2 avg bottomk count count_values group limit_ratio limitk max min or ' +
  'quantile stddev stdvar sum topk unless'

/** `/api/v1/features` */
export function featuresHandler({ web, components, features: names }: StackSettings): Handler {
  const { engine, perStepStats } = readFeatureFlags(names)
  const { syntax } = engine
  const features: Readonly<Record<string, Features>> = {
    api: {
      admin: web.enableAdminApi,
      lifecycle: web.enableLifecycle,
      otlp_write_receiver: false,
      remote_write_receiver: web.enableRemoteWriteReceiver,
      ...on('exclude_alerts label_values_match query_stats query_warnings time_range_labels time_range_series'),
    },
    prometheus: { agent_mode: !components.has('tsdb'), auto_reload_config: false, server_mode: components.has('tsdb') },
    promql: {
      ...on(PROMQL),
      ...{ anchored: syntax.extendedRangeSelectors, smoothed: syntax.extendedRangeSelectors },
      delayed_name_removal: engine.delayedNameRemoval,
      duration_expr: syntax.durationExpressions,
      ...{ fill: syntax.fillModifiers, fill_left: syntax.fillModifiers, fill_right: syntax.fillModifiers },
      per_step_stats: perStepStats,
      type_and_unit_labels: engine.typeAndUnitLabels,
    },
    promql_functions: Object.fromEntries(
      [...functionSignatures.values()]
        .sort((left, right) => compareText(left.name, right.name))
        .map(({ name, isExperimental }) => [name, !isExperimental || syntax.experimentalFunctions]),
    ),
    promql_operators: { ...on(OPERATORS), limit_ratio: syntax.experimentalFunctions, limitk: syntax.experimentalFunctions },
    rules: on('keep_firing_for query_offset'),
    service_discovery_providers: on('file static'),
    tsdb: on('exemplar_storage native_histograms'),
  }
  const data = JSON.stringify(features)
  return () => ({ data })
}
