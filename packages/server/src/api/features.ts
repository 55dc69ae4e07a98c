// What this server can do, for clients that would use it. Prometheus: util/features, cmd/prometheus/testdata
// features.json. The parts that Prometheus has behind flags and Promlet always has are on.

import { functionSignatures } from '@promlet/promql/syntax'
import type { StackSettings } from '../settings.ts'
import type { Handler } from './answer.ts'

type Features = Readonly<Record<string, boolean>>

const on = (names: string): Features => Object.fromEntries(names.split(' ').map((name) => [name, true]))

const PROMQL =
  'anchored at_modifier bool by delayed_name_removal duration_expr fill fill_left fill_right group_left group_right ' +
  'ignoring negative_offset offset on per_query_lookback_delta smoothed subqueries without'
const OPERATORS =
  '!= !~ % * + - / < <= == =~ > >= @ ^ and atan2 avg bottomk count count_values group limit_ratio limitk max min or ' +
  'quantile stddev stdvar sum topk unless'

/** `/api/v1/features` */
export function featuresHandler({ web, components, features: enabled }: StackSettings): Handler {
  const features: Readonly<Record<string, Features>> = {
    api: {
      admin: web.enableAdminApi,
      lifecycle: web.enableLifecycle,
      otlp_write_receiver: false,
      remote_write_receiver: web.enableRemoteWriteReceiver,
      ...on('exclude_alerts label_values_match query_stats query_warnings time_range_labels time_range_series'),
    },
    prometheus: { agent_mode: !components.has('tsdb'), auto_reload_config: false, server_mode: components.has('tsdb') },
    promql: { ...on(PROMQL), per_step_stats: enabled.has('promql-per-step-stats'), type_and_unit_labels: false },
    promql_functions: Object.fromEntries([...functionSignatures.keys()].sort().map((name) => [name, true])),
    promql_operators: on(OPERATORS),
    rules: on('keep_firing_for query_offset'),
    service_discovery_providers: on('file static'),
    tsdb: on('exemplar_storage native_histograms'),
  }
  const data = JSON.stringify(features)
  return () => ({ data })
}
