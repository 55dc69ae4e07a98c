import type { HttpClientConfig } from '@promlet/config'
import { readSetting } from './connections.ts'

/**
 * The headers that say who asks: the configured ones, and `authorization`. They are for the server that was asked,
 * never for another one to which it redirects. @throws `HttpError` when a file cannot be read.
 */
export async function credentialHeaders(config: HttpClientConfig, url: URL): Promise<Record<string, string>> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(config.headers)) headers[name.toLowerCase()] = value
  const authorization = await authorizationOf(config, url)
  if (authorization !== undefined) headers['authorization'] = authorization
  return headers
}

/** False when `credentialHeaders` would find none. */
export function hasCredentials({ headers, authorization, basicAuth }: HttpClientConfig, url: URL): boolean {
  return (
    authorization !== undefined || basicAuth !== undefined || url.username !== '' || url.password !== '' || Object.keys(headers).length > 0
  )
}

async function authorizationOf({ basicAuth, authorization }: HttpClientConfig, url: URL): Promise<string | undefined> {
  if (authorization !== undefined) {
    const credentials = await readSetting(authorization.credentials, authorization.credentialsFile, 'authorization credentials file')
    return `${authorization.type || 'Bearer'} ${(credentials ?? '').trim()}`
  }
  if (basicAuth !== undefined) {
    const username = await readSetting(basicAuth.username, basicAuth.usernameFile, 'basic auth username file')
    const password = await readSetting(basicAuth.password, basicAuth.passwordFile, 'basic auth password file')
    return basic((username ?? '').trim(), password?.trim() ?? '')
  }
  if (url.username === '' && url.password === '') return undefined
  return basic(decodeURIComponent(url.username), decodeURIComponent(url.password))
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** True when credentials for `asked` may be shown to `next`: the same host, and not from TLS to plain text. */
export function mayShareCredentials(asked: URL, next: URL): boolean {
  return asked.hostname === next.hostname && !(asked.protocol === 'https:' && next.protocol === 'http:')
}
