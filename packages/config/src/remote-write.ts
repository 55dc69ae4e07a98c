import { type DurationMs, type NameValidation, quote, type RelabelConfig } from '@promlet/model'
import { checkHttp, type HttpClientConfig, httpFields, REMOTE_RESERVED_HEADERS, settleHttp, toHttpClientConfig } from './http-client.ts'
import { checkRelabelNames, relabelConfigs, toRelabelConfig } from './relabel.ts'
import { checked, type Field, leftOut, list, mapOf, notYet, place, section, type Values } from './schema/field.ts'
import { bool, duration, int, shown, text, url } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'

/** One entry of `remote_write`. */
export interface RemoteWriteConfig {
  readonly url: string
  /** Names the queue in metrics; made from the settings when absent. */
  readonly name?: string
  readonly remoteTimeoutMs: DurationMs
  readonly writeRelabelConfigs: readonly RelabelConfig[]
  readonly http: HttpClientConfig
  readonly queue: QueueConfig
  readonly sendExemplars: boolean
  readonly sendNativeHistograms: boolean
  /** The message to send; absent: that of remote write 1.0. */
  readonly protobufMessage?: (typeof MESSAGES)[number]
  /** How often metadata is sent; absent: never. */
  readonly metadata?: { readonly sendIntervalMs: DurationMs; readonly maxSamplesPerSend: number }
}

export interface QueueConfig {
  /** Samples buffered per shard before an append is refused. */
  readonly capacity: number
  readonly maxShards: number
  readonly minShards: number
  readonly maxSamplesPerSend: number
  readonly batchSendDeadlineMs: DurationMs
  readonly minBackoffMs: DurationMs
  readonly maxBackoffMs: DurationMs
  readonly retryOnRateLimit: boolean
  /** Samples older than this are dropped instead of retried; 0: never. */
  readonly sampleAgeLimitMs: DurationMs
}

const queueFields = {
  capacity: int(10_000),
  max_shards: int(50),
  min_shards: int(1),
  max_samples_per_send: int(2000),
  batch_send_deadline: duration(5_000),
  min_backoff: duration(30),
  max_backoff: duration(5_000),
  retry_on_http_429: bool(),
  sample_age_limit: duration(),
}

const metadataFields = {
  send: bool(true),
  send_interval: duration(60_000),
  max_samples_per_send: int(2000),
}

/** The messages of remote write 1.0 and 2.0. */
const MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] as const
const CLOUD = 'is left out of this development stack'

const remoteWriteFields = {
  url: url(),
  remote_timeout: duration(30_000),
  headers: mapOf(text()),
  write_relabel_configs: relabelConfigs('empty or null relabeling rule in remote write config'),
  name: text(),
  send_exemplars: bool(),
  send_native_histograms: bool(),
  round_robin_dns: notYet(bool(), 'addresses in turn'),
  protobuf_message: checked(text(MESSAGES[0]), refuseMessage),
  ...httpFields,
  enable_http2: shown(bool()),
  queue_config: section('config.QueueConfig', queueFields, checkQueue),
  metadata_config: section('config.MetadataConfig', metadataFields),
  sigv4: leftOut(`signing for Amazon Web Services ${CLOUD}`),
  azuread: leftOut(`authorization by Microsoft Entra ID ${CLOUD}`),
  google_iam: leftOut(`authorization by Google ${CLOUD}`),
}
type RemoteWriteValues = Values<typeof remoteWriteFields>

export const remoteWriteConfigs: Field<readonly RemoteWriteValues[]> = list(
  section('config.plain', remoteWriteFields, checkRemoteWrite),
  'empty or null remote write config section',
)

function refuseMessage(found: string): string | undefined {
  if ((MESSAGES as readonly string[]).includes(found)) return undefined
  const supported = `supported: ${MESSAGES.join(', ')}`
  return `invalid protobuf_message value: unknown type for remote write protobuf message ${found}, ${supported}`
}

function checkQueue(values: Values<typeof queueFields>): void {
  const fail = (field: string, message: string) => report(below(values[place], field), `remote write queue ${message}`)
  for (const field of ['capacity', 'max_shards', 'min_shards', 'max_samples_per_send'] as const) {
    if (values[field] <= 0) fail(field, `${field} must be positive`)
  }
  if (values.min_shards > values.max_shards) fail('min_shards', 'min_shards must not be greater than max_shards')
  if (values.max_backoff < values.min_backoff) fail('max_backoff', 'max_backoff must not be less than min_backoff')
}

function checkRemoteWrite(values: RemoteWriteValues): void {
  if (values.url === '') report(below(values[place], 'url'), 'url for remote_write is empty')
  checkRemoteHeaders(values)
  checkHttp(values)
}

/** `authorization` has fields of its own. */
const RESERVED: ReadonlySet<string> = new Set(REMOTE_RESERVED_HEADERS)
const AUTHORIZATION =
  'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter'

/** Reports headers that must not be set; `authorization` is what to say of that one. */
export function checkRemoteHeaders(
  values: { readonly headers: Readonly<Record<string, string>>; readonly [place]: RemoteWriteValues[typeof place] },
  authorization = AUTHORIZATION,
): void {
  for (const name of Object.keys(values.headers)) {
    const at = below(values[place], 'headers', name)
    if (name.toLowerCase() === 'authorization') report(at, authorization)
    else if (RESERVED.has(name.toLowerCase())) report(at, `${name} is a reserved header. It must not be changed`)
  }
}

/** Reports names that the scheme does not allow and names given twice; fills in defaults. */
export function settleRemoteWrite(configs: readonly RemoteWriteValues[], nameValidation: NameValidation): readonly RemoteWriteValues[] {
  checkNamesOnce(configs, 'remote write')
  for (const config of configs) checkRelabelNames(config.write_relabel_configs, nameValidation)
  return configs.map(settleHttp)
}

/** Reports configs with the name of an earlier one. */
export function checkNamesOnce(
  configs: readonly { readonly name: string; readonly [place]: RemoteWriteValues[typeof place] }[],
  what: string,
): void {
  const seen = new Set<string>()
  for (const { name, [place]: at } of configs) {
    if (name !== '' && seen.has(name)) {
      report(below(at, 'name'), `found multiple ${what} configs with job name ${quote(name)}`)
    }
    seen.add(name)
  }
}

/** The typed form of settled values; relative files are those of `folder`. */
export function toRemoteWriteConfig(values: RemoteWriteValues, folder: string): RemoteWriteConfig {
  const { queue_config: queue, metadata_config: metadata } = values
  return {
    url: values.url,
    ...(values.name !== '' && { name: values.name }),
    remoteTimeoutMs: values.remote_timeout,
    writeRelabelConfigs: values.write_relabel_configs.map(toRelabelConfig),
    http: toHttpClientConfig(values, folder, values.headers),
    queue: {
      capacity: queue.capacity,
      maxShards: queue.max_shards,
      minShards: queue.min_shards,
      maxSamplesPerSend: queue.max_samples_per_send,
      batchSendDeadlineMs: queue.batch_send_deadline,
      minBackoffMs: queue.min_backoff,
      maxBackoffMs: queue.max_backoff,
      retryOnRateLimit: queue.retry_on_http_429,
      sampleAgeLimitMs: queue.sample_age_limit,
    },
    sendExemplars: values.send_exemplars,
    sendNativeHistograms: values.send_native_histograms,
    protobufMessage: values.protobuf_message as (typeof MESSAGES)[number],
    ...(metadata.send && { metadata: { sendIntervalMs: metadata.send_interval, maxSamplesPerSend: metadata.max_samples_per_send } }),
  }
}
