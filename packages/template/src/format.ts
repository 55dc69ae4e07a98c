// Go's fmt: verbs with flags, width and precision; a value that does not fit its verb is printed with a note
// (`%!d(string=x)`) rather than refused.

import { compareText, quote, quoteToAscii } from '@promlet/model'
import { formatFloat } from './float-text.ts'
import { bareType, typeName, utf8, type Value } from './value.ts'

interface Flags {
  minus: boolean
  plus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  width: number | undefined
  precision: number | undefined
}

/** A wider field, or a longer precision, is refused as Go refuses it. */
const WIDTH_MAX = 1_000_000

/** `fmt.Sprint`: spaces only between operands that are both no strings. */
export function print(args: readonly Value[]): string {
  let text = ''
  for (const [index, arg] of args.entries()) {
    if (index > 0 && typeof arg !== 'string' && typeof args[index - 1] !== 'string') text += ' '
    text += formatValue(arg, 'v', noFlags(), true)
  }
  return text
}

/** `fmt.Sprintln`: a space between all operands, and a newline. */
export function printLine(args: readonly Value[]): string {
  return `${args.map((arg) => formatValue(arg, 'v', noFlags(), true)).join(' ')}\n`
}

/** `%v` of a value. */
export function valueText(value: Value): string {
  return formatValue(value, 'v', noFlags())
}

function noFlags(): Flags {
  return { minus: false, plus: false, sharp: false, space: false, zero: false, width: undefined, precision: undefined }
}

/** `fmt.Sprintf`. */
export function printFormat(format: string, args: readonly Value[]): string {
  return new FormatRun(format, args).run()
}

class FormatRun {
  readonly #format: string
  readonly #args: readonly Value[]
  #at = 0
  #arg = 0
  #reordered = false
  #badIndex = false

  constructor(format: string, args: readonly Value[]) {
    this.#format = format
    this.#args = args
  }

  run(): string {
    let text = ''
    for (;;) {
      const percent = this.#format.indexOf('%', this.#at)
      if (percent < 0) break
      text += this.#format.slice(this.#at, percent)
      this.#at = percent + 1
      text += this.#verb()
    }
    text += this.#format.slice(this.#at)
    if (this.#reordered || this.#arg >= this.#args.length) return text
    const extra = this.#args
      .slice(this.#arg)
      .map((arg) => (arg === null || arg === undefined ? '<nil>' : `${typeName(arg)}=${valueText(arg)}`))
    return `${text}%!(EXTRA ${extra.join(', ')})`
  }

  #verb(): string {
    const flags = this.#flags()
    this.#badIndex = false
    this.#argumentIndex()
    let note = this.#width(flags)
    if (this.#format[this.#at] === '.') {
      this.#at++
      this.#argumentIndex()
      note += this.#precision(flags)
    }
    this.#argumentIndex()
    const code = this.#format.codePointAt(this.#at)
    if (code === undefined) return `${note}%!(NOVERB)`
    const verb = String.fromCodePoint(code)
    this.#at += verb.length
    if (verb === '%') return `${note}%`
    if (this.#badIndex) return `${note}%!${verb}(BADINDEX)`
    if (this.#arg >= this.#args.length) return `${note}%!${verb}(MISSING)`
    return note + formatValue(this.#args[this.#arg++], verb, flags, true)
  }

  #flags(): Flags {
    const flags = noFlags()
    for (; ; this.#at++) {
      switch (this.#format[this.#at]) {
        case '#':
          flags.sharp = true
          continue
        case '0':
          flags.zero = true
          continue
        case '+':
          flags.plus = true
          continue
        case '-':
          flags.minus = true
          continue
        case ' ':
          flags.space = true
          continue
      }
      return flags
    }
  }

  #argumentIndex(): void {
    if (this.#format[this.#at] !== '[') return
    this.#reordered = true
    const match = /^\[(\d+)\]/.exec(this.#format.slice(this.#at))
    const index = Number(match?.[1] ?? 0)
    const close = this.#format.indexOf(']', this.#at)
    this.#at = close < 0 ? this.#at + 1 : close + 1
    if (index < 1 || index > this.#args.length) this.#badIndex = true
    else this.#arg = index - 1
  }

  #width(flags: Flags): string {
    if (this.#format[this.#at] !== '*') {
      flags.width = this.#number()
      return ''
    }
    this.#at++
    const width = this.#starArgument()
    if (width === undefined) return '%!(BADWIDTH)'
    flags.width = Math.abs(width)
    if (width < 0) flags.minus = true
    return ''
  }

  #precision(flags: Flags): string {
    if (this.#format[this.#at] !== '*') {
      flags.precision = this.#number() ?? 0
      return ''
    }
    this.#at++
    const precision = this.#starArgument()
    if (precision === undefined) return '%!(BADPREC)'
    if (precision < 0) return '%!(BADPREC)'
    flags.precision = precision
    return ''
  }

  #starArgument(): number | undefined {
    const value = this.#args[this.#arg++]
    return typeof value === 'bigint' && value <= WIDTH_MAX && value >= -WIDTH_MAX ? Number(value) : undefined
  }

  #number(): number | undefined {
    const digits = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 8))?.[0]
    if (digits === undefined) return undefined
    this.#at += digits.length
    return Math.min(Number(digits), WIDTH_MAX)
  }
}

function formatValue(value: Value, verb: string, flags: Flags, isTop = false): string {
  if (verb === 'T') return pad(typeName(value), flags)
  if (value === undefined || value === null) return verb === 'v' ? pad('<nil>', flags) : `%!${verb}(<nil>)`
  switch (typeof value) {
    case 'string':
      return formatString(value, verb, flags)
    case 'number':
      return formatNumber(value, verb, flags)
    case 'bigint':
      return formatInt(value, verb, flags)
    case 'boolean':
      return verb === 't' || verb === 'v' ? pad(String(value), flags) : misfit(value, verb)
  }
  switch (value.kind) {
    case 'html':
      return formatString(value.html, verb, flags)
    case 'function':
      return misfit(value, verb)
    case 'list':
      return formatList(value.items, verb, flags, flags.sharp && verb === 'v' ? `${value.type}{` : '[')
    case 'dict': {
      const entries = [...value.entries].sort(([left], [right]) => compareText(left, right))
      const pairs = entries.map(([key, entry]) => `${formatValue(key, verb, flags)}:${formatValue(entry, verb, flags)}`)
      return flags.sharp && verb === 'v' ? `${value.type}{${pairs.join(', ')}}` : `map[${pairs.join(' ')}]`
    }
    case 'struct':
      if (value.text !== undefined && 'vsqxX'.includes(verb)) return formatString(value.text(), verb, flags)
      // What a pointer inside of something points to is shown too, where Go shows an address.
      return (isTop && value.type.startsWith('*') ? '&' : '') + formatStruct(value.fields, bareType(value), verb, flags)
  }
}

function formatList(items: readonly Value[], verb: string, flags: Flags, open: string): string {
  const texts = items.map((item) => formatValue(item, verb, flags))
  return open === '[' ? `[${texts.join(' ')}]` : `${open}${texts.join(', ')}}`
}

function formatStruct(fields: ReadonlyMap<string, Value>, type: string, verb: string, flags: Flags): string {
  const named = (flags.plus || flags.sharp) && verb === 'v'
  const texts = [...fields].map(([name, field]) => (named ? `${name}:` : '') + formatValue(field, verb, flags))
  return flags.sharp && verb === 'v' ? `${type}{${texts.join(', ')}}` : `{${texts.join(' ')}}`
}

function misfit(value: Value, verb: string): string {
  return `%!${verb}(${typeName(value)}=${valueText(value)})`
}

function formatString(value: string, verb: string, flags: Flags): string {
  const text = flags.precision === undefined ? value : [...value].slice(0, flags.precision).join('')
  switch (verb) {
    case 'v':
      return pad(flags.sharp ? quote(text) : text, flags)
    case 's':
      return pad(text, flags)
    case 'q':
      return pad(flags.sharp && !/[`\p{Cc}]/u.test(text) ? `\`${text}\`` : (flags.plus ? quoteToAscii : quote)(text), flags)
    case 'x':
    case 'X': {
      const hex = [...utf8(value).slice(0, flags.precision)].map((byte) => byte.toString(16).padStart(2, '0')).join(flags.space ? ' ' : '')
      return pad(verb === 'x' ? hex : hex.toUpperCase(), flags)
    }
    default:
      return misfit(value, verb)
  }
}

function formatNumber(value: number, verb: string, flags: Flags): string {
  const lower = verb.toLowerCase()
  if (verb !== 'v' && lower !== 'e' && lower !== 'f' && lower !== 'g') return misfit(value, verb)
  const form = verb === 'v' ? 'g' : (lower as 'e' | 'f' | 'g')
  const precision = flags.precision ?? (form === 'g' ? -1 : 6)
  let text = formatFloat(value, form, precision)
  if (verb === 'E' || verb === 'G') text = text.toUpperCase()
  const finite = Number.isFinite(value)
  if (text.startsWith('+') && !flags.plus) text = flags.space ? ` ${text.slice(1)}` : finite ? text.slice(1) : text
  else if (!text.startsWith('-') && !text.startsWith('+')) text = (flags.plus ? '+' : flags.space ? ' ' : '') + text
  return padNumber(text, finite ? flags : { ...flags, zero: false })
}

const RADIX: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

function formatInt(value: bigint, verb: string, flags: Flags): string {
  if (verb === 'c') return pad(codePointText(value), flags)
  if (verb === 'q') return pad(`'${codePointText(value)}'`, flags)
  if (verb === 'U') {
    const code = `U+${value.toString(16).toUpperCase().padStart(4, '0')}`
    return pad(flags.sharp ? `${code} '${codePointText(value)}'` : code, flags)
  }
  const radix = RADIX[verb]
  if (radix === undefined) return misfit(value, verb)
  let digits = (value < 0n ? -value : value).toString(radix)
  if (verb === 'X') digits = digits.toUpperCase()
  if (flags.precision !== undefined) digits = digits.padStart(flags.precision, '0')
  const prefix = intPrefix(verb, flags.sharp)
  const sign = value < 0n ? '-' : flags.plus ? '+' : flags.space ? ' ' : ''
  return padNumber(sign + prefix + digits, flags.precision === undefined ? flags : { ...flags, zero: false })
}

function intPrefix(verb: string, sharp: boolean): string {
  if (verb === 'O') return '0o'
  if (!sharp) return ''
  return { b: '0b', o: '0', x: '0x', X: '0X' }[verb] ?? ''
}

function codePointText(value: bigint): string {
  return value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd'
}

function pad(text: string, { width, minus }: Flags): string {
  if (width === undefined) return text
  const missing = width - [...text].length
  if (missing <= 0) return text
  return minus ? text + ' '.repeat(missing) : ' '.repeat(missing) + text
}

function padNumber(text: string, flags: Flags): string {
  if (!flags.zero || flags.minus || flags.width === undefined) return pad(text, flags)
  const sign = /^[+\- ]/.test(text) ? (text[0] as string) : ''
  return sign + text.slice(sign.length).padStart(flags.width - sign.length, '0')
}
