// Sections of prometheus.yml that Promlet has no part for. Their fields are read and checked all the same, so that a
// file that is meant for another server can be checked here.

import { quote } from '@promlet/model'
import { tlsSection } from './http-client.ts'
import { checkRemoteHeaders } from './remote-write.ts'
import { type Field, mapOf, noEffect, notYet, optional, place, section, type Values } from './schema/field.ts'
import { bool, choice, duration, float, int, text, texts } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'

export const runtimeSection = section('config.RuntimeConfig', { gogc: noEffect(int(), "it tunes Go's garbage collector") })

const tracingFields = {
  client_type: choice(['grpc', 'http'], 'grpc', (found) => `expected tracing client type to be to be http or grpc, but got ${found}`),
  endpoint: text(),
  sampling_fraction: float(),
  insecure: bool(),
  tls_config: tlsSection,
  headers: mapOf(text()),
  compression: text(),
  timeout: duration(),
}
type TracingValues = Values<typeof tracingFields>

export const tracingSection = notYet(optional(section('config.plain', tracingFields, checkTracing)), 'traces of its own work')

function checkTracing(values: TracingValues): void {
  checkRemoteHeaders(values, 'custom authorization header configuration is not yet supported')
  if (values.endpoint === '') report(values[place], 'tracing endpoint must be set')
  if (values.compression !== '' && values.compression !== 'gzip') {
    report(below(values[place], 'compression'), `invalid compression type ${values.compression} provided, valid options: gzip`)
  }
}

const UTF8_STRATEGIES = ['NoTranslation', 'NoUTF8EscapingWithSuffixes']
const STRATEGIES = ['UnderscoreEscapingWithSuffixes', 'UnderscoreEscapingWithoutSuffixes', ...UTF8_STRATEGIES]

/** Names of attributes; spaces around them do not count. */
const attributes: Field<readonly string[]> = {
  ...texts(),
  read: (at) =>
    texts()
      .read(at)
      .map((name) => name.trim()),
}

const otlpFields = {
  promote_all_resource_attributes: bool(),
  promote_resource_attributes: attributes,
  ignore_resource_attributes: attributes,
  translation_strategy: choice(
    ['', ...STRATEGIES],
    'UnderscoreEscapingWithSuffixes',
    (found) => `unsupported OTLP translation strategy ${quote(found)}; expected one of ${STRATEGIES.join(', ')}`,
  ),
  keep_identifying_resource_attributes: bool(),
  convert_histograms_to_nhcb: bool(),
  promote_scope_metadata: bool(),
  label_name_underscore_sanitization: bool(true),
  label_name_preserve_multiple_underscores: bool(true),
}
type OtlpValues = Values<typeof otlpFields>

export const otlpSection = notYet(optional(section('config.plain', otlpFields, checkOtlp)), 'receiving OTLP')

function checkOtlp(values: OtlpValues): void {
  const at = values[place]
  const { promote_resource_attributes: promoted, ignore_resource_attributes: ignored } = values
  if (values.promote_all_resource_attributes) {
    if (promoted.length > 0) {
      report(at, "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously")
    }
    checkAttributes(values, 'ignore_resource_attributes', 'ignored')
    return
  }
  if (ignored.length > 0) report(at, "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true")
  checkAttributes(values, 'promote_resource_attributes', 'promoted')
}

function checkAttributes(values: OtlpValues, field: 'ignore_resource_attributes' | 'promote_resource_attributes', adjective: string): void {
  const seen = new Set<string>()
  values[field].forEach((name, index) => {
    const fail = (message: string) => report(below(values[place], field, index), `invalid '${field}': ${message}`)
    if (name === '') fail(`empty ${adjective} OTel resource attribute`)
    else if (seen.has(name)) fail(`duplicated ${adjective} OTel resource attribute ${quote(name)}`)
    seen.add(name)
  })
}

/** Reports a translation that makes names which the legacy scheme does not allow. */
export function checkOtlpNames(values: OtlpValues | undefined, isLegacy: boolean): void {
  if (values === undefined || !isLegacy || !UTF8_STRATEGIES.includes(values.translation_strategy)) return
  const strategy = quote(values.translation_strategy)
  report(below(values[place], 'translation_strategy'), `OTLP translation strategy ${strategy} is not allowed when UTF8 is disabled`)
}
