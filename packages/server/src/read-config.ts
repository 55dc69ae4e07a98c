import { loadPrometheusConfig, type PrometheusConfig, parsePrometheusConfig } from '@promlet/config'

/**
 * Reads a configuration with its rule files and checks every expression and template in them; without a path it is
 * all defaults.
 * @throws ConfigError with everything that is wrong.
 */
export async function readConfig(path: string | undefined): Promise<PrometheusConfig> {
  if (path === undefined) return parsePrometheusConfig('', { file: 'prometheus.yml' })
  // A store or a Pushgateway alone has no rules to check.
  const { ruleChecks } = await import('@promlet/rule-engine')
  return await loadPrometheusConfig(path, ruleChecks)
}
