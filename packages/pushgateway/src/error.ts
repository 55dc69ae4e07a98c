/** Why the Pushgateway did not do what was asked; the message is what the client gets to read. */
export class PushgatewayError extends Error {
  override readonly name = 'PushgatewayError'
  readonly code: 'bad-grouping-key' | 'bad-body' | 'inconsistent' | 'persistence' | 'listen'
  constructor(code: PushgatewayError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
