// Strings: double or single quotes with Go's escapes, or backticks without any. Scanning finds the end and the
// first mistake; reading gives the text.

/** Where a string ends, or what is wrong with it (Prometheus's words). */
export interface StringScan {
  readonly end: number
  readonly problem: string | undefined
}

/** Scans from the opening quote. */
export function scanString(text: string, start: number): StringScan {
  const mark = text[start] as string
  if (mark === '`') return scanRaw(text, start)
  let at = start + 1
  while (at < text.length) {
    const char = text[at] as string
    if (char === mark) return { end: at + 1, problem: undefined }
    if (char === '\n') break
    if (char === '\ufffd' || isLoneSurrogate(text, at)) return { end: at + 1, problem: 'invalid UTF-8 rune' }
    if (char !== '\\') {
      at++
      continue
    }
    const scan = scanEscape(text, at + 1, mark)
    if (scan.problem !== undefined) return scan
    at = scan.end
  }
  return { end: at, problem: 'unterminated quoted string' }
}

function scanRaw(text: string, start: number): StringScan {
  const end = text.indexOf('`', start + 1)
  const body = text.slice(start + 1, end < 0 ? undefined : end)
  if (body.includes('\ufffd') || !body.isWellFormed()) return { end: start + 1, problem: 'invalid UTF-8 rune' }
  return end < 0 ? { end: text.length, problem: 'unterminated raw string' } : { end: end + 1, problem: undefined }
}

function isLoneSurrogate(text: string, at: number): boolean {
  const code = text.codePointAt(at) as number
  const before = text.charCodeAt(at - 1)
  return (code >= 0xd800 && code <= 0xdbff) || (code >= 0xdc00 && code <= 0xdfff && !(before >= 0xd800 && before <= 0xdbff))
}

const ESCAPED_CHARS: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' }
/** Digits and base of the numeric escapes by the letter after the backslash. */
const NUMERIC: Readonly<Record<string, readonly [digits: number, base: number]>> = { x: [2, 16], u: [4, 16], U: [8, 16] }

function scanEscape(text: string, at: number, mark: string): StringScan {
  const char = text[at]
  if (char === undefined) return { end: at, problem: 'escape sequence not terminated' }
  if (char === mark || ESCAPED_CHARS[char] !== undefined) return { end: at + 1, problem: undefined }
  const octal = char >= '0' && char <= '7'
  const [digits, base] = octal ? [3, 8] : (NUMERIC[char] ?? [0, 0])
  if (digits === 0) return { end: at + 1, problem: `unknown escape sequence ${describeChar(text, at)}` }
  const first = octal ? at : at + 1
  for (let index = first; index < first + digits; index++) {
    if (index >= text.length) return { end: index, problem: 'escape sequence not terminated' }
    if (Number.isNaN(Number.parseInt(text[index] as string, base))) {
      return { end: index + 1, problem: `illegal character ${describeChar(text, index)} in escape sequence` }
    }
  }
  const code = Number.parseInt(text.slice(first, first + digits), base)
  const max = octal || char === 'x' ? 0xff : 0x10ffff
  const isInvalid = code > max || (code >= 0xd800 && code < 0xe000)
  return { end: first + digits, problem: isInvalid ? 'escape sequence is an invalid Unicode code point' : undefined }
}

/** `U+0041 'A'`, as Go's %#U. */
function describeChar(text: string, at: number): string {
  const code = text.codePointAt(at) as number
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return code >= 0x20 && code !== 0x7f ? `${number} '${String.fromCodePoint(code)}'` : number
}

/**
 * The text of a string token that `scanString` accepted. Go's strings are bytes, these here are characters: a byte
 * written as `\xNN` that is no UTF-8 becomes the lone surrogate U+DCNN, so that the text is not well-formed and
 * `quote` can write the byte again.
 */
export function readString(token: string): string {
  const body = token.slice(1, -1)
  if (token.startsWith('`') || !body.includes('\\')) return body
  let text = ''
  let bytes: number[] = []
  for (let at = 0; at < body.length; ) {
    const byte = readByteEscape(body, at)
    if (byte !== undefined) {
      bytes.push(byte.value)
      at = byte.end
      continue
    }
    const piece = readPiece(body, at)
    text += decodeBytes(bytes) + piece.text
    bytes = []
    at = piece.end
  }
  return text + decodeBytes(bytes)
}

function readByteEscape(body: string, at: number): { value: number; end: number } | undefined {
  if (body[at] !== '\\') return undefined
  const char = body[at + 1] as string
  if (char === 'x') return { value: Number.parseInt(body.slice(at + 2, at + 4), 16), end: at + 4 }
  if (char >= '0' && char <= '7') return { value: Number.parseInt(body.slice(at + 1, at + 4), 8), end: at + 4 }
  return undefined
}

/** An escape that stands for one character, or everything up to the next backslash. */
function readPiece(body: string, at: number): { text: string; end: number } {
  if (body[at] !== '\\') {
    const end = body.indexOf('\\', at)
    return end < 0 ? { text: body.slice(at), end: body.length } : { text: body.slice(at, end), end }
  }
  const char = body[at + 1] as string
  const digits = NUMERIC[char]?.[0]
  if (digits === undefined) return { text: ESCAPED_CHARS[char] ?? char, end: at + 2 }
  const end = at + 2 + digits
  return { text: String.fromCodePoint(Number.parseInt(body.slice(at + 2, end), 16)), end }
}

function decodeBytes(bytes: readonly number[]): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    text +=
      length === 0
        ? String.fromCharCode(0xdc00 + (bytes[at] as number))
        : new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(bytes.slice(at, at + length)))
    at += Math.max(1, length)
  }
  return text
}

/** How many bytes the UTF-8 character at `at` has; 0 where there is none. */
function sequenceLength(bytes: readonly number[], at: number): number {
  const first = bytes[at] as number
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return 0
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(bytes.slice(at, at + length)))
    return length
  } catch {
    return 0
  }
}
