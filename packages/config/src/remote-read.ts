import { type DurationMs, Labels } from '@promlet/model'
import { checkHttp, type HttpClientConfig, httpFields, settleHttp, toHttpClientConfig } from './http-client.ts'
import { labelSet } from './label-set.ts'
import { checkNamesOnce, checkRemoteHeaders } from './remote-write.ts'
import { type Field, list, mapOf, noEffect, place, section, type Values } from './schema/field.ts'
import { bool, duration, text, uint, url } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'

/** One entry of `remote_read`. */
export interface RemoteReadConfig {
  readonly url: string
  /** Names it in metrics; made from the settings when absent. */
  readonly name?: string
  readonly remoteTimeoutMs: DurationMs
  /** Ask also for times that the local store should have in full. */
  readonly readRecent: boolean
  /** Only selectors that have each of these as an equality are asked. */
  readonly requiredMatchers: Labels
  /** Ask only for what has this server's external labels, and take them off the answer. */
  readonly filterExternalLabels: boolean
  readonly http: HttpClientConfig
}

const remoteReadFields = {
  url: url(),
  remote_timeout: duration(60_000),
  chunked_read_limit: noEffect(uint(50_000_000), 'it asks for samples, not for streamed chunks'),
  headers: mapOf(text()),
  read_recent: bool(),
  name: text(),
  ...httpFields,
  required_matchers: labelSet(),
  filter_external_labels: bool(true),
}
type RemoteReadValues = Values<typeof remoteReadFields>

export const remoteReadConfigs: Field<readonly RemoteReadValues[]> = list(
  section('config.plain', remoteReadFields, checkRemoteRead),
  'empty or null remote read config section',
)

function checkRemoteRead(values: RemoteReadValues): void {
  if (values.url === '') report(below(values[place], 'url'), 'url for remote_read is empty')
  checkRemoteHeaders(values)
  checkHttp(values)
}

/** Reports names given twice; fills in defaults. */
export function settleRemoteRead(configs: readonly RemoteReadValues[]): readonly RemoteReadValues[] {
  checkNamesOnce(configs, 'remote read')
  return configs.map(settleHttp)
}

/** The typed form of settled values; relative files are those of `folder`. */
export function toRemoteReadConfig(values: RemoteReadValues, folder: string): RemoteReadConfig {
  return {
    url: values.url,
    ...(values.name !== '' && { name: values.name }),
    remoteTimeoutMs: values.remote_timeout,
    readRecent: values.read_recent,
    requiredMatchers: Labels.of(values.required_matchers),
    filterExternalLabels: values.filter_external_labels,
    http: toHttpClientConfig(values, folder, values.headers),
  }
}
