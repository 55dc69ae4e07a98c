import { resolve } from 'node:path'
import { type DurationMs, quote } from '@promlet/model'
import { checkHttp, httpFields } from './http-client.ts'
import { labelSet } from './label-set.ts'
import { leftOut, list, notYet, place, section, type Values } from './schema/field.ts'
import { duration, texts, url } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'

/** Targets that share labels. */
export interface TargetGroupConfig {
  /** `host:port` texts. */
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** One way to find targets, as it stands in `static_configs`, `file_sd_configs`, … */
export type DiscoveryConfig =
  | { readonly kind: 'static'; readonly groups: readonly TargetGroupConfig[] }
  | { readonly kind: 'file'; readonly files: readonly string[]; readonly refreshIntervalMs: DurationMs }

const targetGroupFields = { targets: texts(), labels: labelSet() }
const fileFields = { files: texts(), refresh_interval: duration(300_000) }
const httpSdFields = { ...httpFields, refresh_interval: duration(60_000), url: url() }

export const targetGroupSection = section('targetgroup.Group', targetGroupFields)
const fileSection = section('file.plain', fileFields, checkFiles)
const httpSdSection = section('http.plain', httpSdFields, checkHttpSd)

/** Service discoveries that come with a cloud or a cluster: a stack for development and test has no use for them. */
const leftOutDiscoveries = {
  aws: 'Amazon Web Services',
  azure: 'Azure',
  consul: 'Consul',
  digitalocean: 'DigitalOcean',
  dockerswarm: 'Docker Swarm',
  ec2: 'Amazon EC2',
  eureka: 'Eureka',
  gce: 'Google Compute Engine',
  hetzner: 'Hetzner',
  ionos: 'IONOS',
  kubernetes: 'Kubernetes',
  kuma: 'Kuma',
  lightsail: 'Amazon Lightsail',
  linode: 'Linode',
  marathon: 'Marathon',
  nerve: 'Nerve',
  nomad: 'Nomad',
  oci: 'Oracle Cloud',
  openstack: 'OpenStack',
  outscale: 'Outscale',
  ovhcloud: 'OVHcloud',
  puppetdb: 'PuppetDB',
  scaleway: 'Scaleway',
  serverset: 'Zookeeper serversets',
  stackit: 'STACKIT',
  triton: 'Triton',
  uyuni: 'Uyuni',
  vultr: 'Vultr',
} as const

type LeftOutName = `${keyof typeof leftOutDiscoveries}_sd_configs`

const leftOutFields = Object.fromEntries(
  Object.entries(leftOutDiscoveries).map(([name, what]) => [
    `${name}_sd_configs`,
    leftOut(`service discovery for ${what} is left out of this development stack; use file_sd_configs`),
  ]),
) as Record<LeftOutName, ReturnType<typeof leftOut>>

/** The ways to find targets that scrape jobs and alertmanagers have. */
export const discoveryFields = {
  dns_sd_configs: leftOut('not supported by Promlet (yet): service discovery by DNS'),
  docker_sd_configs: leftOut('not supported by Promlet (yet): service discovery for Docker'),
  file_sd_configs: list(fileSection, 'empty or null section in file_sd_configs'),
  http_sd_configs: notYet(list(httpSdSection, 'empty or null section in http_sd_configs'), 'service discovery by HTTP'),
  static_configs: list(targetGroupSection, 'empty or null section in static_configs'),
  ...leftOutFields,
}
export type DiscoveryValues = Values<typeof discoveryFields>

/** What Prometheus reads target groups from: one `*` at most, in the last part. */
const FILE_PATTERN = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/

function checkFiles(values: Values<typeof fileFields>): void {
  if (values.files.length === 0) report(values[place], 'file service discovery config must contain at least one path name')
  values.files.forEach((name, index) => {
    if (FILE_PATTERN.test(name)) return
    const expected = 'expected a .json, .yml or .yaml file, with at most one * in its last part'
    report(below(values[place], 'files', index), `path name ${quote(name)} is not valid for file discovery; ${expected}`)
  })
}

function checkHttpSd(values: Values<typeof httpSdFields>): void {
  const at = below(values[place], 'url')
  const parsed = URL.parse(values.url)
  if (values.url === '') report(at, 'URL is missing')
  else if (!/^https?:/i.test(values.url)) report(at, "URL scheme must be 'http' or 'https'")
  else if (parsed === null || parsed.host === '') report(at, 'host is missing in URL')
  checkHttp(values)
}

/** Reports URLs where a host and port belong; relabelling, where there is any, may put that right. */
export function checkStaticTargets(values: DiscoveryValues & { readonly relabel_configs: readonly unknown[] }): void {
  if (values.relabel_configs.length > 0) return
  for (const { targets, [place]: group } of values.static_configs) {
    targets.forEach((target, index) => {
      if (target.includes('/')) report(below(group, 'targets', index), refuseTarget(target))
    })
  }
}

/** Prometheus's words for an address with a slash. */
export function refuseTarget(address: string): string {
  return `${quote(address)} is not a valid hostname; expected a host and port such as localhost:9090`
}

export function toDiscovery(values: DiscoveryValues, folder: string): readonly DiscoveryConfig[] {
  const groups = values.static_configs.map(({ targets, labels }) => ({ targets, labels }))
  const files = values.file_sd_configs.map((config) => ({
    kind: 'file' as const,
    files: config.files.map((file) => resolve(folder, file)),
    refreshIntervalMs: config.refresh_interval,
  }))
  return [...(groups.length === 0 ? [] : [{ kind: 'static' as const, groups }]), ...files]
}
