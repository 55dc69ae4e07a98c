import { loadPrometheusConfig, type PrometheusConfig, parsePrometheusConfig } from '@promlet/config'
import { ruleChecks } from '@promlet/rule-engine'

/**
 * Reads a configuration with its rule files and checks every expression and template in them; without a path it is
 * all defaults.
 * @throws ConfigError with everything that is wrong.
 */
export async function readConfig(path: string | undefined): Promise<PrometheusConfig> {
  return path === undefined ? parsePrometheusConfig('', { file: 'prometheus.yml' }) : loadPrometheusConfig(path, ruleChecks)
}
