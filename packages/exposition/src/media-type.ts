// Media types with parameters as Go's mime.ParseMediaType reads them, with its error texts.

import { ExpositionError } from './error.ts'

const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`a-z|~]+/
const QUOTED = /^"((?:[^"\\]|\\.)*)"/

export interface MediaType {
  /** In lower case, such as `text/plain`. */
  readonly type: string
  /** Names in lower case. */
  readonly params: ReadonlyMap<string, string>
}

/** @throws ExpositionError `content-type` */
export function parseMediaType(text: string): MediaType {
  const base = text.split(';', 1)[0] as string
  const type = base.trim().toLowerCase()
  checkType(type)
  const params = new Map<string, string>()
  let rest = text.slice(base.length).trimStart()
  while (rest !== '') {
    const param = takeParam(rest)
    if (param === undefined) {
      if (rest.trim() === ';') break
      throw problem('invalid media parameter')
    }
    const known = params.get(param.name)
    if (known !== undefined && known !== param.value) throw problem('duplicate parameter name')
    params.set(param.name, param.value)
    rest = param.rest.trimStart()
  }
  return { type, params }
}

function checkType(type: string): void {
  const major = TOKEN.exec(type)?.[0] ?? ''
  if (major === '') throw problem('no media type')
  const rest = type.slice(major.length)
  if (rest === '') return
  if (!rest.startsWith('/')) throw problem('expected slash after first token')
  const minor = TOKEN.exec(rest.slice(1))?.[0] ?? ''
  if (minor === '') throw problem('expected token after slash')
  if (rest.length > 1 + minor.length) throw problem('unexpected content after media subtype')
}

function takeParam(text: string): { name: string; value: string; rest: string } | undefined {
  const behindSemicolon = text.startsWith(';') ? text.slice(1).trimStart() : ''
  const name = TOKEN.exec(behindSemicolon)?.[0]
  if (name === undefined) return undefined
  const behindName = behindSemicolon.slice(name.length).trimStart()
  if (!behindName.startsWith('=')) return undefined
  const value = behindName.slice(1).trimStart()
  const quoted = QUOTED.exec(value)
  const token = quoted?.[0] ?? TOKEN.exec(value)?.[0]
  if (token === undefined) return undefined
  const content = quoted === null ? token : (quoted[1] as string).replace(/\\(.)/g, '$1')
  return { name: name.toLowerCase(), value: content, rest: value.slice(token.length) }
}

function problem(text: string): ExpositionError {
  return new ExpositionError('content-type', `mime: ${text}`)
}
