// The file of --web.config.file, in the form of Prometheus's exporter-toolkit: TLS and basic auth of our own servers.

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { quote } from '@promlet/model'
import { ConfigError, unreadable } from './problem.ts'
import { checked, type Field, leftOut, mapOf, noEffect, notYet, place, section, type Values } from './schema/field.ts'
import { bool, choice, secret, text, texts } from './schema/scalar.ts'
import { below, isEmpty, openYaml, type ReadOptions, report } from './schema/yaml-file.ts'

export interface WebConfig {
  /** Absent: plain HTTP. */
  readonly tls?: WebTlsConfig
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Bcrypt hashes by user name; none: everyone may ask. */
  readonly basicAuthUsers: Readonly<Record<string, string>>
}

/** Of each pair of a text and its file one is set. Files are absolute paths. */
export interface WebTlsConfig {
  readonly cert?: string
  readonly certFile?: string
  readonly key?: string
  readonly keyFile?: string
  readonly clientAuth: ClientAuth
  readonly clientCa?: string
  readonly clientCaFile?: string
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
}

const CLIENT_AUTHS = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const
/** What a client has to show; Go's names. */
export type ClientAuth = (typeof CLIENT_AUTHS)[number]

const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const
export type TlsVersion = (typeof TLS_VERSIONS)[number]

const tlsVersion = (whenMissing: TlsVersion) =>
  choice(TLS_VERSIONS, whenMissing, (found) => `unknown TLS version: ${found}; expected ${TLS_VERSIONS.join(', ')}`)

const tlsFields = {
  cert: text(),
  key: secret(),
  client_ca: text(),
  cert_file: text(),
  key_file: text(),
  // RequireClientCert is an older name.
  client_auth_type: choice(['', ...CLIENT_AUTHS, 'RequireClientCert'], '', (found) => `invalid ClientAuth: ${found}`),
  client_ca_file: text(),
  cipher_suites: notYet(texts(), 'a choice of cipher suites'),
  curve_preferences: notYet(texts(), 'a choice of curves'),
  min_version: tlsVersion('TLS12'),
  max_version: tlsVersion('TLS13'),
  prefer_server_cipher_suites: noEffect(bool(true), 'Node chooses'),
  client_allowed_sans: notYet(texts(), 'a choice of names in client certificates'),
}
type TlsValues = Values<typeof tlsFields>

const webFields = {
  tls_server_config: section('web.TLSConfig', tlsFields, checkTls),
  http_server_config: section(
    'web.HTTPConfig',
    { http2: noEffect(bool(true), 'its servers speak HTTP/1.1'), headers: mapOf(text()) },
    checkHeaders,
  ),
  rate_limit: leftOut('not supported by Promlet (yet): a limit on requests'),
  basic_auth_users: mapOf(bcryptHash()),
}

const webSection = section('web.Config', webFields)

/** Reads the file of `--web.config.file`. @throws ConfigError with all that is wrong. */
export async function loadWebConfig(path: string, options: ReadOptions = {}): Promise<WebConfig> {
  const contents = await readFile(path, 'utf8').catch((error) => {
    throw new ConfigError([unreadable(path, error)], { cause: error })
  })
  return parseWebConfig(contents, { ...options, file: path })
}

/** The same for a text; `file` is the path to name and whose folder relative paths are of. @throws ConfigError as above. */
export function parseWebConfig(contents: string, { file, ...options }: ReadOptions & { readonly file: string }): WebConfig {
  const root = openYaml(contents, file, options)
  const { problems } = root.file
  const values = problems.length > 0 || isEmpty(root) ? webSection.missing(root) : webSection.read(root)
  if (problems.length > 0) throw new ConfigError(problems)
  const tls = toTls(values.tls_server_config, dirname(resolve(file)))
  return { ...(tls && { tls }), headers: values.http_server_config.headers, basicAuthUsers: values.basic_auth_users }
}

/** True when any field asks for TLS; the rest has to be complete then. */
function isEnabled(values: TlsValues): boolean {
  const { cert, key, client_ca: ca, cert_file: certFile, key_file: keyFile, client_ca_file: caFile, client_auth_type: auth } = values
  return [cert, key, ca, certFile, keyFile, caFile, auth].some((value) => value !== '')
}

function checkTls(values: TlsValues): void {
  const fail = (field: string, message: string) => report(below(values[place], field), message)
  if (!isEnabled(values)) return
  if (values.cert === '' && values.cert_file === '') fail('cert_file', 'missing one of cert or cert_file')
  if (values.key === '' && values.key_file === '') fail('key_file', 'missing one of key or key_file')
  const asksNobody = values.client_auth_type === '' || values.client_auth_type === 'NoClientCert'
  if (asksNobody && (values.client_ca !== '' || values.client_ca_file !== '')) {
    fail('client_auth_type', "client CA's have been configured without a Client Auth Policy")
  }
}

/** The headers that may be set, and their values where not any is allowed. */
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'Strict-Transport-Security': [],
  'X-Content-Type-Options': ['nosniff'],
  'X-Frame-Options': ['deny', 'sameorigin'],
  'X-XSS-Protection': [],
  'Content-Security-Policy': [],
}

function checkHeaders(values: { readonly headers: Readonly<Record<string, string>>; readonly [place]: TlsValues[typeof place] }): void {
  for (const [name, value] of Object.entries(values.headers)) {
    const allowed = HEADERS[name]
    const at = below(values[place], 'headers', name)
    if (allowed === undefined) report(at, `HTTP header "${name}" can not be configured; expected one of ${Object.keys(HEADERS).join(', ')}`)
    else if (value !== '' && allowed.length > 0 && !allowed.includes(value)) {
      report(at, `invalid value for ${name}. Expected one of: ${JSON.stringify(allowed)}, but got: ${quote(value)}`)
    }
  }
}

const BCRYPT = /^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/
const BCRYPT_LENGTH_MIN = 59

function bcryptHash(): Field<string> {
  return checked(secret(), (hash) => {
    if (BCRYPT.test(hash)) return undefined
    const reason =
      hash.length < BCRYPT_LENGTH_MIN ? 'hashedSecret too short to be a bcrypted password' : 'hashedSecret is not a bcrypt hash'
    return `crypto/bcrypt: ${reason}; expected the hash of the password, such as htpasswd -nBC 10 "" prints it`
  })
}

function toTls(values: TlsValues, folder: string): WebTlsConfig | undefined {
  if (!isEnabled(values)) return undefined
  const auth = values.client_auth_type === 'RequireClientCert' ? 'RequireAnyClientCert' : values.client_auth_type
  return {
    ...(values.cert_file === '' ? { cert: values.cert } : { certFile: resolve(folder, values.cert_file) }),
    ...(values.key_file === '' ? { key: values.key } : { keyFile: resolve(folder, values.key_file) }),
    clientAuth: auth === '' ? 'NoClientCert' : auth,
    ...(values.client_ca !== '' && { clientCa: values.client_ca }),
    ...(values.client_ca_file !== '' && { clientCaFile: resolve(folder, values.client_ca_file) }),
    minVersion: values.min_version,
    maxVersion: values.max_version,
  }
}
