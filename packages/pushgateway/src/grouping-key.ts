// A group is addressed by the labels in the path: /metrics/job/<JOB>{/<LABEL>/<VALUE>}. A name that ends in
// `@base64` says that its value is base64 (URL alphabet, padding optional), which is how a value with a slash, or an
// empty one (`=`), is written. Rule and error texts: pushgateway handler/push.go.

import { compareText, isLegacyLabelName, isValidName, quote } from '@promlet/model'
import { PushgatewayError } from './error.ts'

const BASE64_SUFFIX = '@base64'
const RESERVED_PREFIX = '__'

/** The labels that name a group. Unlike a series' labels they may have empty values, which are kept. */
export interface GroupingKey {
  /** Sorted by name, each name once; `job` is among them and not empty. */
  readonly labels: readonly GroupingLabel[]
  /** Equal exactly when the labels are. */
  readonly text: string
}

export interface GroupingLabel {
  readonly name: string
  readonly value: string
}

export interface GroupingKeyOptions {
  /** Label names may be any UTF-8 text, written in the path as `U__` and its escapes (`--push.enable-utf8-names`). */
  readonly utf8Names: boolean
}

/**
 * Reads the part of a decoded path after `/metrics/`: `job/nightly/instance/db-1`. The order of labels does not
 * matter; of a repeated label the last counts, but the leading job always wins. Gives undefined when the path does
 * not address a group at all.
 * @throws `PushgatewayError` `bad-grouping-key` with the original's text.
 */
export function parseGroupingKey(path: string, options: GroupingKeyOptions): GroupingKey | undefined {
  const match = /^job(@base64)?\/([^/]+)(?:\/(.*))?$/s.exec(path)
  if (match === null) return undefined
  const [, isBase64, jobText = '', rest] = match
  const job = isBase64 === undefined ? jobText : decodeJob(jobText)
  const byName = parseLabels(rest ?? '', options)
  if (job === '') throw refuse('job name is required')
  byName.set('job', job)
  return groupingKey(byName)
}

/** A key of labels that are known to be good. */
export function groupingKey(byName: ReadonlyMap<string, string>): GroupingKey {
  const labels = [...byName].map(([name, value]) => ({ name, value })).sort((left, right) => compareText(left.name, right.name))
  return { labels, text: JSON.stringify(labels.flatMap(({ name, value }) => [name, value])) }
}

/** The path that addresses a group, after `/metrics/`: what `parseGroupingKey` reads. */
export function formatGroupingKey({ labels }: GroupingKey): string {
  const job = labels.filter(({ name }) => name === 'job')
  const others = labels.filter(({ name }) => name !== 'job')
  return [...job, ...others].map(formatLabel).join('/')
}

function formatLabel({ name, value }: GroupingLabel): string {
  const written = isLegacyLabelName(name) ? name : escapeName(name)
  if (value === '') return `${written}${BASE64_SUFFIX}/=`
  const isPlain = !value.includes('/') && value !== '.' && value !== '..'
  return isPlain ? `${written}/${encodeURIComponent(value)}` : `${written}${BASE64_SUFFIX}/${Buffer.from(value).toString('base64url')}`
}

function parseLabels(path: string, { utf8Names }: GroupingKeyOptions): Map<string, string> {
  const byName = new Map<string, string>()
  if (path === '') return byName
  const parts = path.split('/')
  if (parts.length % 2 !== 0) throw refuse(`odd number of components in label string ${quote(`/${path}`)}`)
  for (let index = 0; index < parts.length; index += 2) {
    const written = parts[index] as string
    const value = parts[index + 1] as string
    const isBase64 = written.endsWith(BASE64_SUFFIX)
    const bare = isBase64 ? written.slice(0, -BASE64_SUFFIX.length) : written
    const name = utf8Names ? unescapeName(bare) : bare
    const isGood = utf8Names ? isValidName(name) : isLegacyLabelName(name)
    if (!isGood || name.startsWith(RESERVED_PREFIX)) throw refuse(`improper label name ${quote(name)}`)
    byName.set(name, isBase64 ? decodeLabel(name, value) : value)
  }
  return byName
}

function decodeJob(text: string): string {
  const { bytes, badAt } = decodeBase64(text)
  if (badAt !== undefined) {
    throw refuse(`invalid base64 encoding in job name ${quote(bytes.toString())}: illegal base64 data at input byte ${badAt}`)
  }
  return decodeUtf8('job', bytes)
}

function decodeLabel(name: string, text: string): string {
  const { bytes, badAt } = decodeBase64(text)
  if (badAt !== undefined) {
    throw refuse(`invalid base64 encoding for label ${name}=${quote(text)}: illegal base64 data at input byte ${badAt}`)
  }
  return decodeUtf8(name, bytes)
}

function decodeUtf8(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw refuse(`the value of label ${quote(name)} is not valid UTF-8`, { cause })
  }
}

/** What could be decoded, and where it went wrong: as Go's RawURLEncoding, which passes over line ends. */
function decodeBase64(text: string): { bytes: Buffer; badAt?: number } {
  const padded = text.replace(/=+$/, '')
  const digits = padded.replace(/[\r\n]/g, '')
  let badAt = padded.search(/[^A-Za-z0-9_\-\r\n]/)
  if (badAt < 0 && digits.length % 4 === 1) badAt = padded.search(/[^\r\n][\r\n]*$/)
  if (badAt < 0) return { bytes: Buffer.from(digits, 'base64url') }
  // Whole groups of four before the bad one are decoded. Go counts bytes, not UTF-16 units.
  const good = padded.slice(0, badAt).replace(/[\r\n]/g, '')
  return {
    bytes: Buffer.from(good.slice(0, good.length - (good.length % 4)), 'base64url'),
    badAt: Buffer.byteLength(padded.slice(0, badAt)),
  }
}

/**
 * Undoes value-encoding escaping: after the prefix `U__`, `__` is an underscore and `_2e_` the character U+002E. A
 * text that is not well escaped stands for itself. Source: prometheus/docs escaping_schemes.md.
 */
export function unescapeName(text: string): string {
  const escaped = /^U__((?:[^_]|__|_[0-9a-fA-F]{1,5}_)*)$/su.exec(text)?.[1]
  if (escaped === undefined) return text
  const name = escaped.replace(/__|_([0-9a-fA-F]{1,5})_/g, (_, hex?: string) =>
    hex === undefined ? '_' : String.fromCodePoint(Number.parseInt(hex, 16)),
  )
  return name.isWellFormed() ? name : text
}

/** The inverse of `unescapeName` for names that need it. */
function escapeName(name: string): string {
  const escaped = name.replace(/[^a-zA-Z0-9]/gu, (char) => (char === '_' ? '__' : `_${(char.codePointAt(0) as number).toString(16)}_`))
  return `U__${escaped}`
}

function refuse(message: string, options?: ErrorOptions): PushgatewayError {
  return new PushgatewayError('bad-grouping-key', message, options)
}
