import { describe, expect, test } from 'vitest'
import { ConfigError, parsePrometheusConfig, parseRuleFile, parseWebConfig } from './index.ts'

const FILES = [
  'global:\n  scrape_interval: 15s\n  external_labels: {env: dev}\nrule_files: [rules/*.yml]\nscrape_configs:\n- &base\n  job_name: node\n  static_configs:\n  - targets: [\n    "localhost:9100",\n    ]\n    labels: {shard: 1}\n- <<: *base\n  job_name: web\n  relabel_configs: [{regex: (.*), target_label: x}]\nremote_write: [{url: "http://localhost/write"}]\n',
  'groups:\n- name: node\n  rules:\n  - alert: Down\n    expr: |\n      up == 0\n    for: 5m\n    annotations: {summary: "{{ $labels.instance }}"}\n',
  'tls_server_config: {cert_file: a, key_file: b}\nbasic_auth_users: {admin: x}\n',
]
const SCRAPS = [
  '*base',
  '&base ',
  '[',
  ']',
  '{',
  '}',
  '\n',
  ': ',
  '- ',
  '!!binary "/w=="',
  '<<: *base',
  'null',
  '"',
  "'",
  '\t',
  '#',
  '|',
  '%',
  '\ud800',
]

/** A file with a few pieces cut out and put in. */
function damage(seed: number): string {
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state % below
  }
  let text = FILES[random(FILES.length)] as string
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(text.length)
    text = text.slice(0, at) + SCRAPS[random(SCRAPS.length)] + text.slice(at + random(12))
  }
  return text
}

describe('a damaged file', () => {
  test('is a configuration or a ConfigError with places, never a crash', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const text = damage(seed)
      for (const parse of [parsePrometheusConfig, parseRuleFile, parseWebConfig]) {
        const error = outcome(() => parse(text, { file: 'damaged.yml' }))
        if (error === undefined) continue
        expect(error, `seed ${seed}: ${JSON.stringify(text)}`).toBeInstanceOf(ConfigError)
        for (const { line, column } of (error as ConfigError).problems) expect(Math.min(line, column), `seed ${seed}`).toBeGreaterThan(0)
      }
    }
  })
})

function outcome(parse: () => unknown): unknown {
  try {
    parse()
    return undefined
  } catch (error) {
    return error
  }
}
