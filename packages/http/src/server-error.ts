/** The server cannot listen. The message is one line and names the address. */
export class HttpServerError extends Error {
  override readonly name = 'HttpServerError'
  readonly code: 'address-in-use' | 'address-unavailable' | 'permission-denied' | 'bad-address' | 'listen-failed'
  constructor(code: HttpServerError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const CODES: Readonly<Record<string, readonly [code: HttpServerError['code'], text: string]>> = {
  EADDRINUSE: ['address-in-use', 'bind: address already in use'],
  EADDRNOTAVAIL: ['address-unavailable', 'bind: cannot assign requested address'],
  ENOTFOUND: ['address-unavailable', 'lookup: no such host'],
  EACCES: ['permission-denied', 'bind: permission denied'],
}

/** Says in Go's words why a server cannot listen at an address. */
export function listenError(error: unknown, address: string): HttpServerError {
  const { code = '', message } = error as NodeJS.ErrnoException
  const [known, text] = CODES[code] ?? (['listen-failed', message] as const)
  return new HttpServerError(known, `listen tcp ${address}: ${text}`, { cause: error })
}
