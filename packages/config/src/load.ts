// Loading reads everything that belongs to a configuration and reports all problems of all its files at once, so that
// a reload either applies as a whole or changes nothing.

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { quote } from '@promlet/model'
import { glob } from './glob.ts'
import { printConfig } from './print.ts'
import { ConfigError, type Problem, unreadable } from './problem.ts'
import {
  type ConfigOptions,
  type Draft,
  type Job,
  nameValidationOf,
  type PrometheusConfig,
  readPrometheus,
  toPrometheusConfig,
} from './prometheus.ts'
import { checkReferences } from './references.ts'
import { type RuleFile, readRuleFile } from './rules.ts'
import { place } from './schema/field.ts'
import { below, isEmpty, openYaml } from './schema/yaml-file.ts'
import { scrapeFileSection, settleScrape } from './scrape.ts'

/**
 * Reads a `prometheus.yml` with the rule files and scrape config files that it names; relative paths are those of its
 * folder. Files with credentials are not opened.
 * @throws ConfigError with all that is wrong in all files.
 */
export async function loadPrometheusConfig(path: string, options: ConfigOptions = {}): Promise<PrometheusConfig> {
  const contents = await readFile(path, 'utf8').catch((error) => {
    throw new ConfigError([unreadable(path, error)], { cause: error })
  })
  const draft = readPrometheus(contents, path, options)
  const folder = dirname(resolve(path))
  const jobs = await readJobs(draft, folder, options)
  const rules = await readRules(draft, folder, options)
  if (options.checkReferences === true) await checkReferences(draft, jobs.jobs, folder)
  throwProblems([...draft.file.problems, ...jobs.problems, ...rules.problems])
  const ruleFilePatterns = absolutePaths(draft.values.rule_files, folder)
  return toPrometheusConfig(draft, folder, { jobs: jobs.jobs, ruleFilePatterns, ruleFiles: rules.files, yaml: printConfig(draft.values) })
}

/**
 * The same for a text, without reading further files: rule files and scrape config files stay unread. `file` is the
 * path to name; relative paths are those of its folder.
 * @throws ConfigError with all that is wrong.
 */
export function parsePrometheusConfig(contents: string, { file, ...options }: ConfigOptions & { readonly file: string }): PrometheusConfig {
  const draft = readPrometheus(contents, file, options)
  throwProblems(draft.file.problems)
  const folder = dirname(resolve(file))
  const jobs = draft.values.scrape_configs.map((values) => ({ values, folder }))
  const ruleFilePatterns = absolutePaths(draft.values.rule_files, folder)
  return toPrometheusConfig(draft, folder, { jobs, ruleFilePatterns, ruleFiles: [], yaml: printConfig(draft.values) })
}

function throwProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new ConfigError(problems)
}

/** An empty pattern matches nothing, not the folder. */
function absolutePaths(patterns: readonly string[], folder: string): readonly string[] {
  return patterns.filter((pattern) => pattern !== '').map((pattern) => resolve(folder, pattern))
}

interface ReadJobs {
  readonly jobs: readonly Job[]
  readonly problems: readonly Problem[]
}

/** The jobs of the main file, then those of `scrape_config_files` in the order of the files. */
async function readJobs({ values }: Draft, folder: string, options: ConfigOptions): Promise<ReadJobs> {
  const jobs: Job[] = values.scrape_configs.map((job) => ({ values: job, folder }))
  const problems: Problem[] = []
  const foundIn = new Map(jobs.map((job) => [job.values.job_name, 'main config file']))
  for (const pattern of absolutePaths(values.scrape_config_files, folder)) {
    for (const path of await glob(pattern)) {
      const read = await readJobFile(path, values.global, options)
      problems.push(...read.problems)
      for (const job of read.jobs) {
        const first = foundIn.get(job.values.job_name)
        if (first !== undefined) problems.push(repeatedJob(job, first))
        foundIn.set(job.values.job_name, quote(path))
        jobs.push(job)
      }
    }
  }
  return { jobs, problems }
}

async function readJobFile(path: string, global: Draft['values']['global'], options: ConfigOptions): Promise<ReadJobs> {
  const contents = await readFile(path, 'utf8').catch((error: Error) => error)
  if (typeof contents !== 'string') return { jobs: [], problems: [unreadable(path, contents)] }
  const root = openYaml(contents, path, options)
  const { problems } = root.file
  if (problems.length > 0 || isEmpty(root)) return { jobs: [], problems }
  const folder = dirname(path)
  const { scrape_configs: found } = scrapeFileSection.read(root)
  return { jobs: found.map((values) => ({ values: settleScrape(values, global), folder })), problems }
}

function repeatedJob({ values }: Job, first: string): Problem {
  const at = below(values[place], 'job_name')
  const { line, column } = at.node === null ? { line: 1, column: 1 } : at.file.position(at.node)
  const message = `found multiple scrape configs with job name ${quote(values.job_name)}, first found in ${first}`
  return { file: at.file.path, line, column, field: at.field, message }
}

async function readRules({ values }: Draft, folder: string, options: ConfigOptions): Promise<{ files: RuleFile[]; problems: Problem[] }> {
  const nameValidation = options.nameValidation ?? nameValidationOf(values.global)
  const paths = await Promise.all(absolutePaths(values.rule_files, folder).map(glob))
  // A file that several patterns match is read once.
  const unique = [...new Set(paths.flat())]
  const read = await Promise.all(unique.map((path) => readRuleFile(path, { ...options, nameValidation })))
  return { files: read.map(({ file }) => file), problems: read.flatMap(({ problems }) => problems) }
}
