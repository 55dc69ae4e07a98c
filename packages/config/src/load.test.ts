import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, loadPrometheusConfig } from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promlet-config-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Writes files below a folder of their own and gives its path. */
async function write(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder, name, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  return join(folder, name)
}

async function problemsOf(load: Promise<unknown>): Promise<readonly string[]> {
  const error = await load.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return (error as ConfigError).message.replaceAll(`${folder}/`, '').split('\n')
}

const UP = 'groups:\n- name: node\n  rules:\n  - record: job:up:sum\n    expr: sum by (job) (up)\n'

describe('loadPrometheusConfig', () => {
  test('reads the rule files that the patterns match, sorted, each once', async () => {
    const home = await write('rules', {
      'prometheus.yml': 'rule_files: ["rules/*.yml", "rules/a.yml", "none/*.yml"]\n',
      'rules/b.yml': UP,
      'rules/a.yml': UP,
      'rules/.hidden.yml': UP,
      'rules/notes.txt': 'not a rule file',
    })
    const config = await loadPrometheusConfig(join(home, 'prometheus.yml'))
    expect(config.ruleFiles.map(({ path }) => path.slice(home.length))).toEqual(['/rules/.hidden.yml', '/rules/a.yml', '/rules/b.yml'])
    expect(config.ruleFilePatterns).toEqual([join(home, 'rules/*.yml'), join(home, 'rules/a.yml'), join(home, 'none/*.yml')])
  })

  test('reports the problems of all files at once, the main file first', async () => {
    const home = await write('problems', {
      'prometheus.yml': 'global:\n  scrape_interval: soon\nrule_files: [rules/*.yml]\nscrape_config_files: [jobs/*.yml]\n',
      'jobs/node.yml': 'scrape_configs:\n- job_name: node\n  scrape_intervall: 5s\n',
      'rules/a.yml': 'groups:\n- name: a\n  rules:\n  - record: x\n',
    })
    expect(await problemsOf(loadPrometheusConfig(join(home, 'prometheus.yml')))).toEqual([
      'problems/prometheus.yml:2:20: global.scrape_interval: not a valid duration string: "soon"; expected a duration such as 15s, 5m or 1h30m',
      'problems/jobs/node.yml:3:3: scrape_configs[0].scrape_intervall: field scrape_intervall not found in type config.ScrapeConfig; did you mean scrape_interval?',
      `problems/rules/a.yml:4:5: groups[0].rules[0].expr: group "a", rule 1, "x": field 'expr' must be set in rule`,
    ])
  })

  test('appends the jobs of scrape config files, whose relative files are of their own folder', async () => {
    const home = await write('jobs', {
      'prometheus.yml': 'global: {scrape_interval: 7s}\nscrape_config_files: [more/*.yml]\nscrape_configs: [{job_name: node}]\n',
      'more/web.yml': 'scrape_configs:\n- job_name: web\n  file_sd_configs: [{files: [targets.json]}]\n',
    })
    const { scrapeConfigs } = await loadPrometheusConfig(join(home, 'prometheus.yml'))
    expect(scrapeConfigs.map(({ jobName, scrapeIntervalMs }) => [jobName, scrapeIntervalMs])).toEqual([
      ['node', 7000],
      ['web', 7000],
    ])
    expect(scrapeConfigs[1]?.discovery).toEqual([{ kind: 'file', files: [join(home, 'more/targets.json')], refreshIntervalMs: 300_000 }])
  })

  test('refuses a job that two files have', async () => {
    const home = await write('twice', {
      'prometheus.yml': 'scrape_config_files: [more.yml]\nscrape_configs: [{job_name: node}]\n',
      'more.yml': 'scrape_configs:\n- job_name: node\n',
    })
    expect(await problemsOf(loadPrometheusConfig(join(home, 'prometheus.yml')))).toEqual([
      'twice/more.yml:2:13: scrape_configs[0].job_name: found multiple scrape configs with job name "node", first found in main config file',
    ])
  })

  test('names a file that does not exist', async () => {
    expect(await problemsOf(loadPrometheusConfig(join(folder, 'none.yml')))).toEqual([
      `none.yml:1:1: open none.yml: no such file or directory`,
    ])
  })

  test('takes the validation scheme of names to the rule files', async () => {
    const home = await write('legacy', {
      'prometheus.yml': 'global: {metric_name_validation_scheme: legacy}\nrule_files: [rules.yml]\n',
      'rules.yml': UP.replace('job:up:sum', 'job.up.sum'),
    })
    expect(await problemsOf(loadPrometheusConfig(join(home, 'prometheus.yml')))).toEqual([
      'legacy/rules.yml:4:13: groups[0].rules[0].record: group "node", rule 1, "job.up.sum": invalid recording rule name: job.up.sum',
    ])
  })

  test('checks what it points to when asked: files and the addresses of targets after relabelling', async () => {
    const home = await write('references', {
      'prometheus.yml': [
        'rule_files: [missing.yml, "missing-*.yml"]',
        'scrape_configs:',
        '- job_name: node',
        '  tls_config: {cert_file: client.crt, key_file: client.key}',
        '  static_configs: [{targets: ["localhost:9100", "http://localhost:9101"]}]',
        '  relabel_configs: [{source_labels: [__address__], target_label: url}]',
        '  file_sd_configs: [{files: [later.json, targets.json]}]',
      ].join('\n'),
      'targets.json': '[{"targts": []}]',
      'client.key': 'a key',
    })
    const path = join(home, 'prometheus.yml')
    await expect(loadPrometheusConfig(path)).resolves.toBeDefined()
    expect(await problemsOf(loadPrometheusConfig(path, { checkReferences: true }))).toEqual([
      'references/prometheus.yml:1:14: rule_files[0]: "missing.yml" does not point to an existing file',
      'references/prometheus.yml:4:27: scrape_configs[0].tls_config.cert_file: error checking client cert file "references/client.crt": open references/client.crt: no such file or directory',
      'references/prometheus.yml:5:49: scrape_configs[0].static_configs[0].targets[1]: instance 1 in group 0: "http://localhost:9101" is not a valid hostname; expected a host and port such as localhost:9090',
      'references/targets.json:1:3: [0].targts: field targts not found in type targetgroup.Group; did you mean targets?',
    ])
  })

  test('says only once that a target has no usable address', async () => {
    const home = await write('once', {
      'prometheus.yml': 'scrape_configs: [{job_name: a, static_configs: [{targets: ["http://localhost:80"]}]}]',
    })
    expect(await problemsOf(loadPrometheusConfig(join(home, 'prometheus.yml'), { checkReferences: true }))).toEqual([
      'once/prometheus.yml:1:60: scrape_configs[0].static_configs[0].targets[0]: "http://localhost:80" is not a valid hostname; expected a host and port such as localhost:9090',
    ])
  })
})
