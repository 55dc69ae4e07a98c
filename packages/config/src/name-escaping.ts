import { type NameValidation, quote } from '@promlet/model'

const NAME_ESCAPINGS = ['allow-utf-8', 'underscores', 'dots', 'values'] as const

/** How targets are asked to write names that the legacy scheme does not have. */
export type NameEscaping = (typeof NAME_ESCAPINGS)[number]

/** What is wrong with a way of escaping, in Prometheus's words. */
export function refuseEscaping(where: 'global' | 'scrape config', found: string): string | undefined {
  if ((NAME_ESCAPINGS as readonly string[]).includes(found)) return undefined
  const expected = "'allow-utf-8', 'underscores', 'dots', or 'values'"
  return `unknown ${where} name escaping method specified, must be one of ${expected}, got ${quote(found)}`
}

/** The way of escaping that goes with a validation scheme. */
export function escapingOf(validation: string): NameEscaping {
  return validation === 'legacy' ? 'underscores' : 'allow-utf-8'
}

export function toNameValidation(scheme: string): NameValidation {
  return scheme === 'legacy' ? 'legacy' : 'utf8'
}
