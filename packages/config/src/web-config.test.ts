import { describe, expect, test } from 'vitest'
import { ConfigError, parseWebConfig } from './index.ts'

const HASH = '$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay'
const read = (text: string) => parseWebConfig(text, { file: '/etc/promlet/web.yml' })

function problems(text: string): readonly string[] {
  try {
    read(text)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n').map((line) => line.replace('/etc/promlet/web.yml:', ''))
  }
}

describe('parseWebConfig', () => {
  test('an empty file asks for nothing', () => expect(read('')).toEqual({ headers: {}, basicAuthUsers: {} }))

  test('TLS, users and headers', () => {
    const text = `tls_server_config: {cert_file: server.crt, key_file: /keys/server.key, client_ca_file: ca.crt, client_auth_type: RequireClientCert}
basic_auth_users: {admin: ${HASH}}
http_server_config: {headers: {X-Frame-Options: deny}}
`
    expect(read(text)).toEqual({
      tls: {
        certFile: '/etc/promlet/server.crt',
        keyFile: '/keys/server.key',
        clientAuth: 'RequireAnyClientCert',
        clientCaFile: '/etc/promlet/ca.crt',
        minVersion: 'TLS12',
        maxVersion: 'TLS13',
      },
      headers: { 'X-Frame-Options': 'deny' },
      basicAuthUsers: { admin: HASH },
    })
  })

  const are = (title: string, text: string, ...expected: readonly string[]) => test(title, () => expect(problems(text)).toEqual(expected))
  are(
    'a certificate without a key',
    'tls_server_config:\n  cert_file: server.crt\n',
    '2:3: tls_server_config.key_file: missing one of key or key_file',
  )
  are(
    'a password in place of its hash',
    'basic_auth_users:\n  admin: hunter2\n',
    '2:10: basic_auth_users.admin: crypto/bcrypt: hashedSecret too short to be a bcrypted password; expected the hash of the password, such as htpasswd -nBC 10 "" prints it',
  )
  are(
    'unknown fields, versions and headers, all at once',
    'tls_server_config: {min_version: TLS14}\nhttp_server_config: {headers: {Server: x}}\nusers: {}\n',
    '1:34: tls_server_config.min_version: unknown TLS version: TLS14; expected TLS10, TLS11, TLS12, TLS13; did you mean TLS10?',
    '2:40: http_server_config.headers.Server: HTTP header "Server" can not be configured; expected one of Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection, Content-Security-Policy',
    '3:1: users: field users not found in type web.Config',
  )
  are(
    'client certificates that nobody asks for',
    'tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}\n',
    "1:20: tls_server_config.client_auth_type: client CA's have been configured without a Client Auth Policy",
  )
})
