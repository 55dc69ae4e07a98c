/** Why rules could not be loaded, or one could not be evaluated. Messages of evaluations are Prometheus's. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
  readonly code: 'bad-rules' | 'bad-test-file' | 'duplicate-labels' | 'limit' | 'not-a-vector' | 'refused-sample'
  constructor(code: RuleError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
