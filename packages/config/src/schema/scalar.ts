// The kinds of single values. A plain scalar is read as the field asks for; what cannot be is reported in the words of
// Go's YAML decoder, which are Prometheus's, followed by what was expected.

import { type DurationMs, formatDuration, parseDuration, quote } from '@promlet/model'
import { YAMLSeq } from 'yaml'
import type { Field, Printable } from './field.ts'
import { nearName } from './near-name.ts'
import { formatSize, parseSize } from './size.ts'
import { type At, isEmpty, itemsAt, report, type ScalarText, scalarAt, tagOf } from './yaml-file.ts'

interface ScalarKind<T> {
  readonly goType: string
  /** What should stand there, for people. */
  readonly expected: string
  readonly zero: T
  /** Undefined when the text is none of these. @throws RangeError with Prometheus's words. */
  parse(scalar: ScalarText): T | undefined
  format(value: T): Printable
}

function scalar<T>(kind: ScalarKind<T>, whenMissing: T): Field<T> {
  return {
    missing: () => whenMissing,
    empty: () => kind.zero,
    read(at) {
      const value = parseAt(kind, at)
      if (value === undefined) report(at, `cannot unmarshal ${tagOf(at)} into ${kind.goType}; expected ${kind.expected}`)
      return value === undefined || value === invalid ? whenMissing : value
    },
    // Left out only where leaving it out reads back as the same.
    print: (value) => (value === kind.zero && whenMissing === kind.zero ? undefined : kind.format(value)),
  }
}

const invalid = Symbol('invalid')

function parseAt<T>(kind: ScalarKind<T>, at: At): T | typeof invalid | undefined {
  const found = scalarAt(at)
  if (found === undefined) return undefined
  try {
    return kind.parse(found)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    report(at, `${error.message}; expected ${kind.expected}`)
    return invalid
  }
}

/** Printed also when it has Go's zero value. */
export function shown<T extends string | number | boolean>(field: Field<T>): Field<T> {
  return { ...field, print: (value) => field.print(value) ?? value }
}

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/

export function bool(whenMissing = false): Field<boolean> {
  return scalar<boolean>(
    {
      goType: 'bool',
      expected: 'true or false',
      zero: false,
      parse: ({ text, isPlain }) => (!isPlain ? undefined : TRUE.test(text) ? true : FALSE.test(text) ? false : undefined),
      format: (value) => value,
    },
    whenMissing,
  )
}

/** An integer; `uint` refuses negative ones. */
export function int(whenMissing = 0, goType: 'int' | 'uint' = 'int'): Field<number> {
  return scalar<number>(
    {
      goType,
      expected: goType === 'uint' ? 'a whole number, 0 or more' : 'a whole number',
      zero: 0,
      parse: (found) => {
        const value = parseNumber(found)
        return value === undefined || !Number.isInteger(value) || (goType === 'uint' && value < 0) ? undefined : value
      },
      format: (value) => value,
    },
    whenMissing,
  )
}

export const uint = (whenMissing = 0): Field<number> => int(whenMissing, 'uint')

export function float(whenMissing = 0): Field<number> {
  return scalar<number>({ goType: 'float64', expected: 'a number', zero: 0, parse: parseNumber, format: (value) => value }, whenMissing)
}

const NUMBER = /^[-+]?(?:0[xX][\da-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)$/

function parseNumber({ text, isPlain }: ScalarText): number | undefined {
  if (!isPlain || !NUMBER.test(text)) return undefined
  const digits = text.replaceAll('_', '').replace(/^([-+]?)0(?=[0-7]+$)/, '$10o')
  const value = digits.startsWith('-') ? -Number(digits.slice(1)) : Number(digits.replace('+', ''))
  return Number.isFinite(value) ? value : undefined
}

/** Any single value, as the text that stands in the file. */
export function text(whenMissing = '', goType = 'string'): Field<string> {
  return scalar<string>({ goType, expected: 'a text', zero: '', parse: (found) => found.text, format: (value) => value }, whenMissing)
}

/** A text that is never shown. */
export function secret(): Field<string> {
  return { ...text('', 'config.Secret'), print: (value) => (value === '' ? undefined : '<secret>') }
}

/** One of a few texts; `refuse` gives Prometheus's message for another one. */
export function choice<const T extends string>(values: readonly T[], whenMissing: T, refuse: (found: string) => string): Field<T> {
  const kind = text(whenMissing)
  return {
    missing: () => whenMissing,
    empty: () => whenMissing,
    read(at) {
      const found = kind.read(at) as T
      if (values.includes(found)) return found
      const near = nearName(found, values)
      report(at, `${refuse(found)}${near === undefined ? '' : `; did you mean ${near}?`}`)
      return whenMissing
    },
    print: (value) => (value === '' ? undefined : value),
  }
}

const DURATION = 'a duration such as 15s, 5m or 1h30m'

/** A length of time, in milliseconds. */
export function duration(whenMissing: DurationMs = 0): Field<DurationMs> {
  return scalar<DurationMs>(
    { goType: 'model.Duration', expected: DURATION, zero: 0, parse: (found) => parseDuration(found.text), format: formatDuration },
    whenMissing,
  )
}

/** A number of bytes, written with a unit. */
export function size(): Field<number> {
  return scalar<number>(
    {
      goType: 'units.Base2Bytes',
      expected: 'a size with a unit, such as 512MB or 10GiB',
      zero: 0,
      parse: (found) => parseSize(found.text),
      format: formatSize,
    },
    0,
  )
}

/** A URL; a password in it is not shown. */
export function url(): Field<string> {
  const kind = text('', 'config.URL')
  return {
    ...kind,
    read(at) {
      const found = kind.read(at)
      const message = refuseUrl(found)
      if (message !== undefined) report(at, message)
      return found
    },
    print: (value) => (value === '' ? undefined : value.replace(/^([a-z][a-z\d+.-]*:\/\/[^/?#:@]*):[^/?#]*@/i, '$1:xxxxx@')),
  }
}

/** Prometheus takes any text that Go reads as a URL, also a relative one. */
function refuseUrl(found: string): string | undefined {
  const reason = urlFault(found)
  return reason === undefined ? undefined : `parse ${quote(found)}: ${reason}; expected a URL such as http://localhost:9090/path`
}

function urlFault(found: string): string | undefined {
  const broken = /%(?![\da-f]{2}).{0,2}/i.exec(found)?.[0]
  if (broken !== undefined) return `invalid URL escape ${quote(broken)}`
  if (URL.canParse(found) || !/^[^/?#]*:/.test(found)) return undefined
  if (found.startsWith(':')) return 'missing protocol scheme'
  if (!/^[a-z][a-z\d+.-]*:/i.test(found)) return 'first path segment in URL cannot contain colon'
  return /:\/\/[^/?#]/.test(found) ? 'invalid host or port' : undefined
}

/** A list of texts; `flow` prints it on one line. */
export function texts(goType = '[]string', flow = false): Field<readonly string[]> {
  const item = text()
  return {
    missing: () => [],
    empty: () => [],
    read(at) {
      const items = itemsAt(at)
      if (items === undefined) report(at, `cannot unmarshal ${tagOf(at)} into ${goType}; expected a list of texts`)
      return (items ?? []).map((place) => (isEmpty(place) ? '' : item.read(place)))
    },
    print(values) {
      if (values.length === 0) return undefined
      return flow ? flowList(values) : values
    },
  }
}

function flowList(values: readonly string[]): YAMLSeq {
  const seq = new YAMLSeq()
  seq.flow = true
  seq.items = [...values]
  return seq
}
