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
