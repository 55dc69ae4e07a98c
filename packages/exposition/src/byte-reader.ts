import { quote } from '@promlet/model'
import { ExpositionError } from './error.ts'
import { isUtf8Text, quoteBytes, utf8Text } from './quote-bytes.ts'

/** What `current` is behind the last byte. */
export const END = -1

const TAB = 0x09
const NEWLINE = 0x0a
const SPACE = 0x20
const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c
const UNDERSCORE = 0x5f

export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB
}

/** Reads the tokens of a text exposition, byte by byte, and knows the line for errors. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at: number
  #line: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    // In front of the first byte, as if a newline stood there.
    this.#at = -1
    this.#line = 0
  }

  /** The byte that is looked at, or `END`. */
  get current(): number {
    return this.#at < this.#bytes.length ? (this.#bytes[this.#at] as number) : END
  }

  advance(): void {
    this.#at++
  }

  /** Goes from the newline of one line to the first byte of the next. */
  startLine(): void {
    this.#at++
    this.#line++
  }

  /** The byte that is looked at. @throws at the end of the input. */
  need(): number {
    if (this.#at >= this.#bytes.length) throw this.error('unexpected end of input stream')
    return this.#bytes[this.#at] as number
  }

  skipBlanks(): number {
    while (isBlank(this.current)) this.#at++
    return this.current
  }

  skipLine(): void {
    while (this.need() !== NEWLINE) this.#at++
  }

  /** Up to the next blank, newline or the end. */
  tokenUntilSpace(): string {
    const start = this.#at
    while (this.current !== NEWLINE && this.current !== END && !isBlank(this.current)) this.#at++
    return utf8Text(this.#bytes, start, this.#at)
  }

  tokenUntilNewline(): string {
    const start = this.#at
    this.skipLine()
    return utf8Text(this.#bytes, start, this.#at)
  }

  /**
   * A metric or label name, quoted or not, up to the byte behind it; the empty string when none starts here.
   * @throws for a newline or a bad escape in a quoted name, and for one that is no UTF-8.
   */
  name(kind: 'metric' | 'label'): string {
    if (this.current === QUOTE) return this.#quoted(`${kind} name`, true)
    const start = this.#at
    if (isDigit(this.current)) return ''
    while (isNameByte(this.current, kind)) this.#at++
    return utf8Text(this.#bytes, start, this.#at)
  }

  /** From the opening quote up to the byte behind the closing one. */
  labelValue(): string {
    return this.#quoted('label value', false)
  }

  #quoted(what: string, isName: boolean): string {
    this.#at++
    const start = this.#at
    let escapes = false
    for (; this.need() !== QUOTE; this.#at++) {
      if (this.current === NEWLINE) throw this.error(`${what} ${this.#quotedRange(start, escapes)} contains unescaped new-line`)
      if (this.current !== BACKSLASH) continue
      this.#at++
      this.#checkEscape('n\\"')
      escapes = true
    }
    const end = this.#at++
    if (!isUtf8Text(this.#bytes, start, end)) throw this.error(`invalid ${what} ${this.#quotedRange(start, escapes, end)}`)
    const text = this.#unescaped(start, end, escapes)
    if (isName && text === '') throw this.error(`invalid ${what} ""`)
    return text
  }

  #checkEscape(allowed: string): void {
    const char = String.fromCharCode(this.need())
    if (!allowed.includes(char)) throw this.error(`invalid escape sequence '\\${char}'`)
  }

  /** The rest of a HELP line. */
  helpText(): string {
    const start = this.#at
    let escapes = false
    for (; this.need() !== NEWLINE; this.#at++) {
      if (this.current !== BACKSLASH) continue
      this.#at++
      this.#checkEscape('n\\"')
      escapes = true
    }
    return this.#unescaped(start, this.#at, escapes)
  }

  #unescaped(start: number, end: number, escapes: boolean): string {
    const text = utf8Text(this.#bytes, start, end)
    return escapes ? text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)) : text
  }

  #quotedRange(start: number, escapes: boolean, end = this.#at): string {
    if (isUtf8Text(this.#bytes, start, end)) return quote(this.#unescaped(start, end, escapes))
    return quoteBytes(this.#bytes.subarray(start, end))
  }

  /** The byte that is looked at as Go's `%q` prints a byte: `'x'`. */
  quotedByte(): string {
    const char = String.fromCharCode(this.current)
    return char === "'" ? "'\\''" : `'${quote(char).slice(1, -1).replace('\\"', '"')}'`
  }

  error(message: string): ExpositionError {
    return new ExpositionError('syntax', `text format parsing error in line ${this.#line}: ${message}`)
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isNameByte(byte: number, kind: 'metric' | 'label'): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a && byte !== END) || byte === UNDERSCORE || isDigit(byte) || (byte === COLON && kind === 'metric')
}
