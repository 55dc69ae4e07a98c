/** An exposition that cannot be read or written. The message is Prometheus's where Prometheus has one. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError'
  readonly code: 'syntax' | 'duplicate-label' | 'content-type' | 'invalid-family'
  constructor(code: ExpositionError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
