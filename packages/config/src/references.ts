// What `promtool check config` looks at beyond the configuration itself: that the files it names exist and that its
// targets have addresses when relabelling is done.

import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { compileRelabel, formatDuration, Labels, quote } from '@promlet/model'
import { type DiscoveryValues, refuseTarget } from './discovery.ts'
import { glob, isGlob } from './glob.ts'
import type { HttpValues } from './http-client.ts'
import { ConfigError, type Problem, unreadable } from './problem.ts'
import type { Draft, Job } from './prometheus.ts'
import { type RelabelValues, toRelabelConfig } from './relabel.ts'
import { place } from './schema/field.ts'
import { type At, below, note, report } from './schema/yaml-file.ts'
import { parseTargetGroups } from './target-groups.ts'

/** Reports files that do not exist and targets without a usable address. */
export async function checkReferences({ values }: Draft, jobs: readonly Job[], folder: string): Promise<void> {
  await Promise.all(
    values.rule_files.map(async (pattern, index) => {
      const at = below(values[place], 'rule_files', index)
      if (!isGlob(pattern) && (await missing(resolve(folder, pattern)))) report(at, `${quote(pattern)} does not point to an existing file`)
    }),
  )
  for (const job of jobs) {
    await checkHttpFiles(job.values, job.folder)
    await checkTargetFiles(job.values, job.folder)
    checkTargets(job.values, jobLabels(job))
  }
  for (const set of values.alerting.alertmanagers) {
    await checkHttpFiles(set, folder)
    await checkTargetFiles(set, folder)
    checkTargets(set, { __scheme__: set.scheme, __alerts_path__: `${set.path_prefix}/api/v2/alerts` })
  }
}

async function checkHttpFiles(values: HttpValues, folder: string): Promise<void> {
  const { authorization, tls_config: tls } = values
  const at = values[place]
  if (authorization !== undefined) {
    const credentials = below(at, 'authorization', 'credentials_file')
    await checkFile(credentials, authorization.credentials_file, folder, 'authorization credentials or bearer token')
  }
  await checkFile(below(at, 'tls_config', 'cert_file'), tls.cert_file, folder, 'client cert')
  await checkFile(below(at, 'tls_config', 'key_file'), tls.key_file, folder, 'client key')
}

async function checkFile(at: At, file: string, folder: string, what: string): Promise<void> {
  if (file === '') return
  const path = resolve(folder, file)
  const error = await missing(path)
  if (error !== undefined) report(at, `error checking ${what} file ${quote(path)}: ${unreadable(path, error).message}`)
}

/** A target file may come later, so that a missing one is only worth a note; one that exists has to be right. */
async function checkTargetFiles(values: DiscoveryValues, folder: string): Promise<void> {
  for (const { files, [place]: at } of values.file_sd_configs) {
    for (const [index, file] of files.entries()) {
      const paths = await glob(resolve(folder, file))
      if (paths.length === 0) note(below(at, 'files', index), `file ${quote(file)} for file_sd does not exist`)
      for (const path of paths) await checkTargetFile(path, at.file.problems)
    }
  }
}

async function checkTargetFile(path: string, problems: Problem[]): Promise<void> {
  try {
    parseTargetGroups(await readFile(path, 'utf8'), path)
  } catch (error) {
    problems.push(...(error instanceof ConfigError ? error.problems : [unreadable(path, error)]))
  }
}

/** Why a path cannot be looked at, or undefined for one that exists. */
async function missing(path: string): Promise<Error | undefined> {
  return await stat(path).then(
    () => undefined,
    (error: Error) => error,
  )
}

function jobLabels({ values }: Job): Record<string, string> {
  const params = Object.entries(values.params).map(([name, [first]]) => [`__param_${name}`, first ?? ''])
  return {
    job: values.job_name,
    __scheme__: values.scheme,
    __metrics_path__: values.metrics_path,
    __scrape_interval__: formatDuration(values.scrape_interval),
    __scrape_timeout__: formatDuration(values.scrape_timeout),
    ...Object.fromEntries(params),
  }
}

function checkTargets(
  values: DiscoveryValues & { readonly relabel_configs: readonly RelabelValues[] },
  defaults: Record<string, string>,
): void {
  // Without relabelling an address is what is written, and a slash in it was refused when it was read.
  const isRelabelled = values.relabel_configs.length > 0
  const relabel = compileRelabel(values.relabel_configs.map(toRelabelConfig))
  values.static_configs.forEach(({ targets, labels, [place]: at }, group) => {
    targets.forEach((target, index) => {
      const relabelled = relabel(Labels.of({ ...defaults, ...labels, __address__: target }))
      const address = relabelled?.get('__address__')
      const wrong = address === '' ? 'no address' : isRelabelled && address?.includes('/') ? refuseTarget(address) : undefined
      if (wrong !== undefined) report(below(at, 'targets', index), `instance ${index} in group ${group}: ${wrong}`)
    })
  })
}
