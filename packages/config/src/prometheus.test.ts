// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${HOST} is the syntax of external labels

import { describe, expect, test } from 'vitest'
import { ConfigError, type ConfigOptions, type PrometheusConfig, parsePrometheusConfig } from './index.ts'

function read(text: string, options: ConfigOptions = {}): PrometheusConfig {
  return parsePrometheusConfig(text, { file: '/etc/prometheus/prometheus.yml', ...options })
}

/** All problems as `line:column: field: message`. */
function problems(text: string, options: ConfigOptions = {}): readonly string[] {
  try {
    read(text, options)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n').map((line) => line.replace('/etc/prometheus/prometheus.yml:', ''))
  }
}

const job = (...lines: readonly string[]) => ['scrape_configs:', '- job_name: node', ...lines.map((line) => `  ${line}`), ''].join('\n')

describe('a configuration with defaults filled in', () => {
  test('an empty file is a configuration', () => {
    expect(read('')).toMatchObject({
      global: { scrapeIntervalMs: 60_000, scrapeTimeoutMs: 10_000, evaluationIntervalMs: 60_000, ruleQueryOffsetMs: 0 },
      scrapeConfigs: [],
      ruleFiles: [],
      storage: { outOfOrderTimeWindowMs: 0 },
    })
  })

  test('a job has the defaults of Prometheus', () => {
    expect(read(job()).scrapeConfigs).toEqual([
      {
        jobName: 'node',
        scrapeIntervalMs: 60_000,
        scrapeTimeoutMs: 10_000,
        metricsPath: '/metrics',
        scheme: 'http',
        params: {},
        honorLabels: false,
        honorTimestamps: true,
        trackTimestampsStaleness: false,
        enableCompression: true,
        http: { followRedirects: true, headers: {} },
        discovery: [],
        relabelConfigs: [],
        metricRelabelConfigs: [],
        limits: {
          bodyBytesMax: 0,
          samplesMax: 0,
          labelsMax: 0,
          labelNameLengthMax: 0,
          labelValueLengthMax: 0,
          targetsMax: 0,
          keepDroppedTargetsMax: 0,
        },
        fallbackScrapeProtocol: '',
        scrapeProtocols: ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'],
        nameValidation: 'utf8',
        nameEscaping: 'allow-utf-8',
        histograms: { native: false, alwaysClassic: false, convertClassic: false, bucketsMax: 0, minBucketFactor: 0 },
        extraScrapeMetrics: false,
      },
    ])
  })

  test('a job takes from global what it does not set', () => {
    const global = 'global:\n  scrape_interval: 5s\n  sample_limit: 1e3\n  body_size_limit: 15MB\n  label_limit: 30\n'
    const [first] = read(global + job('label_limit: 7')).scrapeConfigs
    expect(first).toMatchObject({ scrapeIntervalMs: 5000, scrapeTimeoutMs: 5000 })
    expect(first?.limits).toMatchObject({ samplesMax: 1000, bodyBytesMax: 15_728_640, labelsMax: 7 })
  })

  test('scrape settings come out as typed values', () => {
    const text = job(
      'scrape_interval: 15s',
      'scheme: https',
      'metrics_path: /probe',
      'honor_labels: yes',
      'params: {module: [http_2xx], target: [a, 1]}',
      'basic_auth: {username: admin, password_file: secrets/password}',
      'tls_config: {ca_file: ca.crt, insecure_skip_verify: true}',
      'http_headers: {X-Scope: {values: [a], secrets: [b]}}',
      'static_configs: [{targets: ["localhost:9100"], labels: {env: dev, shard: 1}}]',
      'relabel_configs: [{source_labels: [job], regex: n.*, action: Keep}]',
    )
    expect(read(text).scrapeConfigs[0]).toMatchObject({
      scrapeIntervalMs: 15_000,
      scheme: 'https',
      metricsPath: '/probe',
      honorLabels: true,
      params: { module: ['http_2xx'], target: ['a', '1'] },
      http: {
        basicAuth: { username: 'admin', password: '', passwordFile: '/etc/prometheus/secrets/password' },
        tls: { caFile: '/etc/prometheus/ca.crt', insecureSkipVerify: true },
        headers: { 'X-Scope': 'a, b' },
      },
      discovery: [{ kind: 'static', groups: [{ targets: ['localhost:9100'], labels: { env: 'dev', shard: '1' } }] }],
      relabelConfigs: [
        { sourceLabels: ['job'], regex: 'n.*', action: 'keep', separator: ';', replacement: '$1', modulus: 0, targetLabel: '' },
      ],
    })
  })

  test('bearer_token is an older way to write authorization', () => {
    expect(read(job('bearer_token: abc')).scrapeConfigs[0]?.http.authorization).toEqual({ type: 'Bearer', credentials: 'abc' })
  })

  test('external labels are expanded from the environment, and an unset variable is worth a note', () => {
    const text = 'global:\n  external_labels:\n    host: ${HOST}\n    price: $$5\n    region: eu-$NONE\n'
    const config = read(text, { environment: { HOST: 'laptop' } })
    expect(config.global.externalLabels.toJSON()).toEqual({ host: 'laptop', price: '$5', region: 'eu-' })
    expect(config.notes?.map(({ message }) => message)).toEqual(['Empty environment variable NONE'])
    expect(read(text, { expandExternalLabels: false }).global.externalLabels.get('price')).toBe('$$5')
  })

  test('remote write, alerting and storage come out as typed values', () => {
    const config = read(
      [
        'remote_write: [{url: "http://localhost:8428/api/v1/write", headers: {X-Tenant: dev}, queue_config: {capacity: 10}}]',
        'alerting: {alertmanagers: [{path_prefix: /am, static_configs: [{targets: ["localhost:9093"]}]}]}',
        'storage: {tsdb: {out_of_order_time_window: 30m, retention: {time: 1d, size: 1GB}}}',
      ].join('\n'),
    )
    expect(config.remoteWrite[0]).toMatchObject({
      url: 'http://localhost:8428/api/v1/write',
      remoteTimeoutMs: 30_000,
      http: { headers: { 'X-Tenant': 'dev' }, followRedirects: true },
      queue: { capacity: 10, maxShards: 50, minShards: 1, maxSamplesPerSend: 2000, batchSendDeadlineMs: 5000 },
      metadata: { sendIntervalMs: 60_000, maxSamplesPerSend: 2000 },
    })
    expect(config.alerting.alertmanagers[0]).toMatchObject({ scheme: 'http', pathPrefix: '/am', timeoutMs: 10_000 })
    expect(config.storage).toEqual({
      outOfOrderTimeWindowMs: 1_800_000,
      retentionTimeMs: 86_400_000,
      retentionSizeBytes: 1_073_741_824,
      exemplarsMax: 100_000,
    })
    expect(read('storage: {exemplars: {max_exemplars: 500}}').storage.exemplarsMax).toBe(500)
    expect(read('storage: {exemplars: {}}').storage.exemplarsMax).toBe(0)
    expect(read('storage: {}').storage.exemplarsMax).toBe(100_000)
    expect(read('').storage.exemplarsMax).toBe(100_000)
  })
})

describe('problems', () => {
  const are = (title: string, text: string, ...expected: readonly string[]) => test(title, () => expect(problems(text)).toEqual(expected))

  are(
    'all are reported at once, each where it stands',
    `${job('scrape_interval: 15', 'honor_labels: maybe', 'sample_limit: -1')}rule_files: rules.yml\n`,
    '3:20: scrape_configs[0].scrape_interval: not a valid duration string: "15"; expected a duration such as 15s, 5m or 1h30m',
    '4:17: scrape_configs[0].honor_labels: cannot unmarshal !!str `maybe` into bool; expected true or false',
    '5:17: scrape_configs[0].sample_limit: cannot unmarshal !!int `-1` into uint; expected a whole number, 0 or more',
    '6:13: rule_files: cannot unmarshal !!str `rules.yml` into []string; expected a list of texts',
  )
  are(
    'a syntax error has its place',
    'global: [\nrules: x',
    '2:1: yaml: Flow sequence in block collection must be sufficiently indented and end with a ]',
  )
  are(
    'an unknown field is named with the one that was probably meant',
    'globals: {}\nstorage: {tsdb: {retention: {tme: 1d}}}\n',
    '1:1: globals: field globals not found in type config.plain; did you mean global?',
    '2:30: storage.tsdb.retention.tme: field tme not found in type config.TSDBRetentionConfig; did you mean time?',
  )
  are('a field given twice', 'global: {}\nglobal: {}\n', '2:1: global: field global already set in type config.plain')
  are('a job without a name', 'scrape_configs: [{scheme: http}]\n', '1:18: scrape_configs[0].job_name: job_name is empty')
  are(
    'two jobs of one name',
    'scrape_configs:\n- job_name: a\n- job_name: a\n',
    '3:13: scrape_configs[1].job_name: found multiple scrape configs with job name "a"',
  )
  are(
    'a timeout above the interval',
    job('scrape_timeout: 2m'),
    '3:19: scrape_configs[0].scrape_timeout: scrape timeout greater than scrape interval for scrape config with job name "node"',
  )
  are(
    'a broken value is not held against others',
    job('scrape_interval: soon', 'scrape_timeout: 2m'),
    '3:20: scrape_configs[0].scrape_interval: not a valid duration string: "soon"; expected a duration such as 15s, 5m or 1h30m',
  )
  are(
    'a wrong word is answered with the near one',
    job('scheme: htps', 'relabel_configs: [{action: labelmp}]'),
    '3:11: scrape_configs[0].scheme: unsupported scheme "htps"; expected http or https; did you mean https?',
    '4:30: scrape_configs[0].relabel_configs[0].action: unknown relabel action "labelmp"; expected one of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase; did you mean labelmap?',
  )
  are(
    'a URL among the targets',
    job('static_configs: [{targets: ["http://localhost:9100"]}]'),
    '3:31: scrape_configs[0].static_configs[0].targets[0]: "http://localhost:9100" is not a valid hostname; expected a host and port such as localhost:9090',
  )
  are(
    'a regular expression that is none',
    job('metric_relabel_configs: [{source_labels: [job], regex: "(a", action: drop}]'),
    "3:58: scrape_configs[0].metric_relabel_configs[0].regex: error parsing regexp: missing closing ): `^(?s:(a)$`; expected a regular expression in RE2's syntax",
  )
  are(
    'a header that has fields of its own',
    'remote_write: [{url: "http://localhost/write", headers: {Authorization: x}}]\n',
    '1:73: remote_write[0].headers.Authorization: authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter',
  )
  are(
    'names that the legacy scheme does not have',
    `global: {metric_name_validation_scheme: legacy, external_labels: {a-b: c}}\n${job('relabel_configs: [{target_label: a.b}]')}`,
    '1:72: global.external_labels.a-b: "a-b" is not a valid label name',
    `4:36: scrape_configs[0].relabel_configs[0].target_label: "a.b" is invalid 'target_label' for replace action`,
  )
})

describe('what Promlet does not have', () => {
  test('a field of Prometheus is called that, never unknown', () => {
    expect(problems(job('scrape_native_histograms: true', 'consul_sd_configs: [{server: x}]', 'oauth2: {client_id: x}'))).toEqual([
      '3:29: scrape_configs[0].scrape_native_histograms: not supported by Promlet (yet): native histograms',
      '4:22: scrape_configs[0].consul_sd_configs: service discovery for Consul is left out of this development stack; use file_sd_configs',
      '5:11: scrape_configs[0].oauth2: not supported by Promlet (yet): authorization by OAuth 2.0',
    ])
  })

  test('it may be switched off explicitly', () => {
    expect(problems(job('scrape_native_histograms: false'))).toEqual([])
  })

  test('a field without effect is accepted with a note', () => {
    expect(read('runtime: {gogc: 50}\n').notes).toEqual([
      {
        file: '/etc/prometheus/prometheus.yml',
        line: 1,
        column: 17,
        field: 'runtime.gogc',
        message: "has no effect in Promlet: it tunes Go's garbage collector",
      },
    ])
  })

  test('who checks a file for a real Prometheus gets notes instead', () => {
    const config = read('otlp: {convert_histograms_to_nhcb: true}\n', { unsupported: 'note' })
    expect(config.notes?.map(({ message }) => message)).toEqual(['not supported by Promlet (yet): receiving OTLP'])
  })
})

describe('YAML', () => {
  test('aliases and merges are followed', () => {
    const [, web] = read('scrape_configs:\n- &base\n  job_name: node\n  scheme: https\n- <<: *base\n  job_name: web\n').scrapeConfigs
    expect(web).toMatchObject({ jobName: 'web', scheme: 'https' })
  })
  test('texts may look like numbers or booleans', () => {
    const text = 'scrape_configs:\n- job_name: 0123\n  static_configs: [{targets: ["a:1"], labels: {on: yes, version: 1.10}}]\n'
    expect(read(text).scrapeConfigs[0]).toMatchObject({
      jobName: '0123',
      discovery: [{ kind: 'static', groups: [{ targets: ['a:1'], labels: { on: 'yes', version: '1.10' } }] }],
    })
  })
})

describe('the effective configuration', () => {
  test('has defaults filled in and secrets hidden, and reads back as itself', () => {
    const text = [
      'global: {scrape_interval: 15s, external_labels: {env: dev}}',
      'scrape_configs:',
      '- job_name: node',
      '  basic_auth: {username: admin, password: hunter2}',
      '  static_configs: [{targets: ["localhost:9100"], labels: {y: "no"}}]',
      'remote_write: [{url: "http://admin:hunter2@localhost/write"}]',
      '',
    ].join('\n')
    const { yaml } = read(text)
    expect(yaml).not.toContain('hunter2')
    expect(yaml).toContain('scrape_timeout: 10s')
    expect(yaml).toContain('password: <secret>')
    expect(yaml).toContain('url: http://admin:xxxxx@localhost/write')
    expect(yaml).toContain('"y": "no"')
    expect(read(yaml).yaml).toBe(yaml)
  })
})
