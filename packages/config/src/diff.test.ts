import { describe, expect, test } from 'vitest'
import { type ConfigDiff, diffConfigs, type PrometheusConfig, parsePrometheusConfig, parseRuleFile } from './index.ts'

const RULES = 'groups:\n- name: a\n  rules: [{record: x, expr: up}]\n- name: b\n  interval: 5s\n  rules: []\n'
const CONFIG = [
  'global: {evaluation_interval: 15s}',
  'scrape_configs:',
  '- job_name: node',
  '- job_name: web',
  'alerting: {alertmanagers: [{static_configs: [{targets: ["localhost:9093"]}]}]}',
  'remote_write: [{url: "http://localhost/a"}, {url: "http://localhost/a"}, {url: "http://localhost/b", name: b}]',
  '',
].join('\n')

function config(text = CONFIG, rules = RULES): PrometheusConfig {
  const file = parseRuleFile(rules, { file: '/rules.yml' })
  return { ...parsePrometheusConfig(text, { file: '/prometheus.yml' }), ruleFiles: [file] }
}

/** Only what differs. */
function changed(diff: ConfigDiff): Record<string, unknown> {
  const parts = ['scrapeJobs', 'ruleGroups', 'alertmanagers', 'remoteWrites'] as const
  const named = parts.flatMap((part) =>
    (['added', 'removed', 'changed'] as const).map((kind) => [`${part} ${kind}`, diff[part][kind]] as const),
  )
  const flags = (['externalLabelsChanged', 'alertRelabelConfigsChanged', 'storageChanged'] as const).map(
    (flag) => [flag, diff[flag]] as const,
  )
  return Object.fromEntries([...named.filter(([, keys]) => keys.length > 0), ...flags.filter(([, isSet]) => isSet)])
}

describe('diffConfigs', () => {
  const is = (title: string, after: PrometheusConfig, expected: Record<string, unknown>) =>
    test(title, () => expect(changed(diffConfigs(config(), after))).toEqual(expected))

  is('the same file again changes nothing', config(), {})
  is('comments and blank lines change nothing', config(`# a comment\n\n${CONFIG}`, `# a comment\n\n${RULES}`), {})
  is('a job that is set differently', config(CONFIG.replace('- job_name: web', '- job_name: web\n  scheme: https')), {
    'scrapeJobs changed': ['web'],
  })
  is('a job under another name', config(CONFIG.replace('job_name: web', 'job_name: shop')), {
    'scrapeJobs added': ['shop'],
    'scrapeJobs removed': ['web'],
  })
  is('a group with an interval of its own keeps it when the global one changes', config(CONFIG.replace('15s', '20s')), {
    'ruleGroups changed': ['/rules.yml;a'],
  })
  is('a rule', config(CONFIG, RULES.replace('expr: up', 'expr: up > 0')), { 'ruleGroups changed': ['/rules.yml;a'] })
  is('an Alertmanager', config(CONFIG.replace('9093', '9094')), { 'alertmanagers changed': ['config-0'] })
  is('a remote write', config(CONFIG.replace('name: b', 'name: b, remote_timeout: 1s')), { 'remoteWrites changed': ['b'] })
  is(
    'external labels and storage',
    config(`${CONFIG.replace('15s', '15s, external_labels: {a: b}')}storage: {tsdb: {out_of_order_time_window: 1m}}\n`),
    {
      externalLabelsChanged: true,
      storageChanged: true,
    },
  )

  test('against nothing everything is new', () => {
    const diff = diffConfigs(undefined, config())
    expect(diff.scrapeJobs.added).toEqual(['node', 'web'])
    expect(diff.remoteWrites.added).toEqual(['http://localhost/a', 'http://localhost/a#2', 'b'])
  })
})
