// One undici agent holds the connections of a client. Files that the configuration names are read for each request,
// as Prometheus does, so that a renewed certificate or password counts without a reload.

import { readFile } from 'node:fs/promises'
import type { HttpClientConfig, TlsConfig } from '@promlet/config'
import type { Dispatcher } from 'undici'
import { HttpError } from './client.ts'
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_MS } from './plain-connections.ts'

export interface Connections {
  /** The agent for the TLS files as they are now. @throws `HttpError` when a file cannot be read. */
  dispatcher(): Promise<Dispatcher>
  /** Breaks all connections. */
  destroy(): Promise<void>
}

interface TlsMaterial {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

export function openConnections(config: HttpClientConfig): Connections {
  let agent: Dispatcher | undefined
  let agentKey: string | undefined
  let opening: Promise<unknown> = Promise.resolve()
  const { caFile = '', certFile = '', keyFile = '' } = config.tls ?? {}
  const readsFiles = `${caFile}${certFile}${keyFile}` !== ''

  async function renew(material: TlsMaterial, key: string): Promise<void> {
    if (agentKey === key) return
    const replaced = agent
    agent = await createAgent(config, material)
    agentKey = key
    // Requests under way on the old certificate may end.
    void replaced?.close().catch(() => {})
  }

  return {
    async dispatcher() {
      if (agent !== undefined && !readsFiles) return agent
      const material = await readTls(config.tls)
      const key = JSON.stringify(material)
      if (agentKey !== key) {
        opening = opening.then(() => renew(material, key))
        await opening
      }
      return agent as Dispatcher
    },
    async destroy() {
      await opening
      await agent?.destroy()
    },
  }
}

async function createAgent(config: HttpClientConfig, { ca, cert, key }: TlsMaterial): Promise<Dispatcher> {
  // undici takes a tenth of a second to load: only who sends requests pays for it.
  const { Agent, ProxyAgent } = await import('undici')
  const tls = {
    rejectUnauthorized: !(config.tls?.insecureSkipVerify ?? false),
    ...(config.tls?.serverName !== undefined && config.tls.serverName !== '' && { servername: config.tls.serverName }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  const shared = { allowH2: false, keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0 }
  if (config.proxyUrl !== undefined && config.proxyUrl !== '') {
    return new ProxyAgent({ ...shared, uri: config.proxyUrl, requestTls: { ...tls, timeout: CONNECT_TIMEOUT_MS } })
  }
  return new Agent({ ...shared, connect: { ...tls, timeout: CONNECT_TIMEOUT_MS } })
}

async function readTls(tls: TlsConfig | undefined): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    readSetting(tls?.ca, tls?.caFile, 'CA cert'),
    readSetting(tls?.cert, tls?.certFile, 'client cert'),
    readSetting(tls?.key, tls?.keyFile, 'client key'),
  ])
  return { ca, cert, key }
}

/** The setting itself, or the contents of its file as they are now. @throws `HttpError` with code `config`. */
export async function readSetting(inline: string | undefined, file: string | undefined, what: string): Promise<string | undefined> {
  if (file === undefined || file === '') return inline === '' ? undefined : inline
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : (cause as Error).message
    throw new HttpError('config', `unable to read ${what} ${file}: open ${file}: ${reason}`, { cause })
  }
}
