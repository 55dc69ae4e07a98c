/** Why a template could not be used. The message is Go's, with `name:line:column` of the template. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  /** `limit`: one of the bounds against runaway templates was met. */
  readonly code: 'parse' | 'execute' | 'limit'
  constructor(code: TemplateError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
