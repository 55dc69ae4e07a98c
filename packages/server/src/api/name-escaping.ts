// Names that are not of the legacy scheme, for readers and places that know no quotes. Prometheus: common/model
// metric.go EscapeName, UnescapeName.

import { isLegacyMetricName } from '@promlet/model'

/** How a name is written: as it is, with `_` for what is foreign, or so that it can be read back. */
export type NameEscaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values'

const VALUES_PREFIX = 'U__'
/** A code point needs no more hexadecimal digits. */
const ESCAPED_PART = /__|_([0-9a-fA-F]{1,6})_|[^_]/gy

/** Metric names may have colons, label names may not; Prometheus escapes both alike. */
export function escapeName(name: string, escaping: NameEscaping): string {
  if (name === '' || escaping === 'allow-utf-8') return name
  if (escaping === 'dots') return escapeDots(name)
  if (isLegacyMetricName(name)) return name
  return escaping === 'underscores' ? mapForeign(name, () => '_') : escapeValues(name)
}

/** Also legacy names change: what was an underscore must differ from what was not. */
function escapeDots(name: string): string {
  return mapForeign(
    name,
    (char) => (char === '.' ? '_dot_' : '__'),
    (char) => (char === '_' ? '__' : char),
  )
}

function escapeValues(name: string): string {
  const hex = (char: string) => `_${(char.codePointAt(0) as number).toString(16)}_`
  return VALUES_PREFIX + mapForeign(name, hex, (char) => (char === '_' ? '__' : char))
}

function mapForeign(name: string, foreign: (char: string) => string, own: (char: string) => string = (char) => char): string {
  let escaped = ''
  for (const [index, char] of [...name].entries()) {
    const isOwn = /[a-zA-Z_:]/.test(char) || (index > 0 && /[0-9]/.test(char))
    escaped += isOwn ? own(char) : foreign(char)
  }
  return escaped
}

/** Reads a name that was escaped as `values`; any other stays as it is, also one that only looks like it. */
export function unescapeName(name: string): string {
  if (!name.startsWith(VALUES_PREFIX)) return name
  const escaped = name.slice(VALUES_PREFIX.length)
  let text = ''
  let end = 0
  for (const match of escaped.matchAll(ESCAPED_PART)) {
    const [part, hex] = match
    end = match.index + part.length
    if (hex === undefined) text += part === '__' ? '_' : part
    else {
      const code = Number.parseInt(hex, 16)
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return name
      text += String.fromCodePoint(code)
    }
  }
  return end === escaped.length ? text : name
}
