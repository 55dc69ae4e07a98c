import { resolve } from 'node:path'
import { leftOut, mapOf, notYet, optional, place, section, sound, type Values } from './schema/field.ts'
import { bool, choice, secret, text, texts, url } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'

/** How to reach an HTTP server: the fields that Prometheus allows wherever it sends requests. Files are absolute paths. */
export interface HttpClientConfig {
  readonly basicAuth?: {
    readonly username: string
    readonly password: string
    readonly usernameFile?: string
    readonly passwordFile?: string
  }
  /** An Authorization header of `type credentials`; `Bearer` by default. */
  readonly authorization?: { readonly type: string; readonly credentials: string; readonly credentialsFile?: string }
  readonly tls?: TlsConfig
  readonly followRedirects: boolean
  readonly proxyUrl?: string
  readonly headers: Readonly<Record<string, string>>
}

export interface TlsConfig {
  readonly ca?: string
  readonly caFile?: string
  readonly cert?: string
  readonly certFile?: string
  readonly key?: string
  readonly keyFile?: string
  readonly serverName?: string
  readonly insecureSkipVerify: boolean
}

export const defaultHttpClientConfig: HttpClientConfig = { followRedirects: true, headers: {} }

const tlsVersion = choice(['', 'TLS10', 'TLS11', 'TLS12', 'TLS13'], '', (found) => `unknown TLS version: ${found}; expected TLS10 to TLS13`)

const tlsFields = {
  ca: text(),
  cert: text(),
  key: secret(),
  ca_file: text(),
  cert_file: text(),
  key_file: text(),
  server_name: text(),
  insecure_skip_verify: bool(),
  min_version: notYet(tlsVersion, 'a bound on the TLS version'),
  max_version: notYet(tlsVersion, 'a bound on the TLS version'),
}
type TlsValues = Values<typeof tlsFields>

export const tlsSection = section('config.TLSConfig', tlsFields, checkTls)

const basicAuthFields = { username: text(), username_file: text(), password: secret(), password_file: text() }
const authorizationFields = { type: text(), credentials: secret(), credentials_file: text() }
const headerFields = {
  values: texts(),
  secrets: { ...texts(), print: (values: readonly string[]) => (values.length === 0 ? undefined : values.map(() => '<secret>')) },
  files: leftOut('not supported by Promlet (yet): header values from files'),
}

/** In the order in which Prometheus prints them. */
export const httpFields = {
  basic_auth: optional(section('config.BasicAuth', basicAuthFields, checkBasicAuth)),
  authorization: optional(section('config.Authorization', authorizationFields, checkAuthorization)),
  oauth2: leftOut('not supported by Promlet (yet): authorization by OAuth 2.0'),
  bearer_token: secret(),
  bearer_token_file: text(),
  tls_config: tlsSection,
  follow_redirects: bool(true),
  enable_http2: bool(true),
  proxy_url: url(),
  no_proxy: leftOut('not supported by Promlet (yet): exceptions from the proxy'),
  proxy_from_environment: leftOut('not supported by Promlet (yet): the proxy that the environment names'),
  proxy_connect_header: leftOut('not supported by Promlet (yet): headers for the proxy'),
  http_headers: mapOf(section('config.Header', headerFields)),
}
export type HttpValues = Values<typeof httpFields>

function checkTls(values: TlsValues): void {
  const fail = (field: string, message: string) => report(below(values[place], field), message)
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (values[name] !== '' && values[`${name}_file`] !== '') {
      fail(name, `at most one of ${name} and ${name}_file must be configured`)
    }
  }
  const hasCert = values.cert !== '' || values.cert_file !== ''
  const hasKey = values.key !== '' || values.key_file !== ''
  if (hasCert && !hasKey) fail('key_file', 'exactly one of key or key_file must be configured when a client certificate is configured')
  if (hasKey && !hasCert) fail('cert_file', 'exactly one of cert or cert_file must be configured when a client key is configured')
}

function checkBasicAuth(values: Values<typeof basicAuthFields>): void {
  for (const name of ['username', 'password'] as const) {
    if (values[name] !== '' && values[`${name}_file`] !== '') {
      report(below(values[place], `${name}_file`), `at most one of basic_auth ${name} & ${name}_file must be configured`)
    }
  }
}

function checkAuthorization(values: Values<typeof authorizationFields>): void {
  if (values.credentials !== '' && values.credentials_file !== '') {
    report(below(values[place], 'credentials_file'), 'at most one of authorization credentials & credentials_file must be configured')
  }
  if (values.type.trim().toLowerCase() === 'basic') {
    report(below(values[place], 'type'), 'authorization type cannot be set to "basic", use "basic_auth" instead')
  }
}

/** Headers that a remote client sets itself. */
export const REMOTE_RESERVED_HEADERS = [
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
] as const

const RESERVED: ReadonlySet<string> = new Set([...REMOTE_RESERVED_HEADERS, 'authorization', 'x-prometheus-scrape-timeout-seconds'])

/** Reports what does not go together; for the checks of sections that hold these fields. */
export function checkHttp(values: HttpValues): void {
  const fail = (field: string, message: string) => report(below(values[place], field), message)
  const hasBearer = values.bearer_token !== '' || values.bearer_token_file !== ''
  if (values.bearer_token !== '' && values.bearer_token_file !== '') {
    fail('bearer_token_file', 'at most one of bearer_token & bearer_token_file must be configured')
  }
  if (hasBearer && values.basic_auth !== undefined) {
    fail('basic_auth', 'at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured')
  }
  if (hasBearer && values.authorization !== undefined) {
    fail('authorization', 'authorization is not compatible with bearer_token & bearer_token_file')
  }
  if (values.authorization !== undefined && values.basic_auth !== undefined) {
    fail('authorization', 'at most one of basic_auth, oauth2 & authorization must be configured')
  }
  for (const name of Object.keys(values.http_headers)) {
    if (RESERVED.has(name.toLowerCase())) report(below(values[place], 'http_headers', name), `setting header "${name}" is not allowed`)
  }
}

/** Makes `authorization` of the older `bearer_token` fields, and fills in its type. */
export function settleHttp<V extends HttpValues>(values: V): V {
  const bearer = {
    type: '',
    credentials: values.bearer_token,
    credentials_file: values.bearer_token_file,
    [place]: values[place],
    [sound]: true,
  }
  const given = values.authorization ?? (bearer.credentials + bearer.credentials_file === '' ? undefined : bearer)
  const authorization = given && { ...given, type: given.type.trim() === '' ? 'Bearer' : given.type.trim() }
  return { ...values, authorization, bearer_token: '', bearer_token_file: '' }
}

/** The typed form of settled values; `extraHeaders` yield to `http_headers`. */
export function toHttpClientConfig(
  values: HttpValues,
  folder: string,
  extraHeaders: Readonly<Record<string, string>> = {},
): HttpClientConfig {
  const { basic_auth: basic, authorization } = values
  const tls = toTlsConfig(values.tls_config, folder)
  return {
    ...(basic && {
      basicAuth: {
        username: basic.username,
        password: basic.password,
        ...pathOf('usernameFile', basic.username_file, folder),
        ...pathOf('passwordFile', basic.password_file, folder),
      },
    }),
    ...(authorization && {
      authorization: {
        type: authorization.type,
        credentials: authorization.credentials,
        ...pathOf('credentialsFile', authorization.credentials_file, folder),
      },
    }),
    ...(tls && { tls }),
    followRedirects: values.follow_redirects,
    ...textOf('proxyUrl', values.proxy_url),
    headers: { ...extraHeaders, ...headersOf(values) },
  }
}

/** The typed form; undefined when nothing is set. */
function toTlsConfig(values: TlsValues, folder: string): TlsConfig | undefined {
  const tls: TlsConfig = {
    ...textOf('ca', values.ca),
    ...pathOf('caFile', values.ca_file, folder),
    ...textOf('cert', values.cert),
    ...pathOf('certFile', values.cert_file, folder),
    ...textOf('key', values.key),
    ...pathOf('keyFile', values.key_file, folder),
    ...textOf('serverName', values.server_name),
    insecureSkipVerify: values.insecure_skip_verify,
  }
  return Object.keys(tls).length > 1 || tls.insecureSkipVerify ? tls : undefined
}

function headersOf({ http_headers: headers }: HttpValues): Record<string, string> {
  // Several values of one header are one value with commas (RFC 9110, 5.3).
  return Object.fromEntries(Object.entries(headers).map(([name, { values, secrets }]) => [name, [...values, ...secrets].join(', ')]))
}

function textOf<Name extends string>(name: Name, value: string): { [key in Name]?: string } {
  return (value === '' ? {} : { [name]: value }) as { [key in Name]?: string }
}

function pathOf<Name extends string>(name: Name, file: string, folder: string): { [key in Name]?: string } {
  return textOf(name, file === '' ? '' : resolve(folder, file))
}
