// Go's quoted texts. `\x` and octal escapes name bytes, not characters, so the text is put together as UTF-8.

const SIMPLE: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, "'": 39, '"': 34 }

const encoder = new TextEncoder()

/**
 * The text of a Go string or character literal, quotes included in `literal`.
 * @throws RangeError `invalid syntax` when an escape is not one of Go's.
 */
export function unquote(literal: string): string {
  const quote = literal[0]
  const body = literal.slice(1, -1)
  if (quote === '`') return body.replaceAll('\r', '')
  if (!body.includes('\\')) return body
  const bytes: number[] = []
  for (let at = 0; at < body.length; ) {
    if (body[at] === '\\') {
      at = readEscape(body, at + 1, quote as string, bytes)
      continue
    }
    const next = body.indexOf('\\', at)
    const end = next < 0 ? body.length : next
    bytes.push(...encoder.encode(body.slice(at, end)))
    at = end
  }
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

/** Reads the escape after a backslash into `bytes`; gives where it ends. */
function readEscape(body: string, at: number, quote: string, bytes: number[]): number {
  const letter = body[at] ?? ''
  if (letter === 'x') return readDigits(body, at + 1, 2, 16, (code) => bytes.push(code))
  if (letter === 'u' || letter === 'U') {
    return readDigits(body, at + 1, letter === 'u' ? 4 : 8, 16, (code) => {
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new RangeError('invalid syntax')
      bytes.push(...encoder.encode(String.fromCodePoint(code)))
    })
  }
  if (letter >= '0' && letter <= '7') {
    return readDigits(body, at, 3, 8, (code) => {
      if (code > 255) throw new RangeError('invalid syntax')
      bytes.push(code)
    })
  }
  const simple = SIMPLE[letter]
  // Each quote may be escaped only inside its own kind of literal.
  if (simple === undefined || ((letter === '"' || letter === "'") && letter !== quote)) throw new RangeError('invalid syntax')
  bytes.push(simple)
  return at + 1
}

function readDigits(body: string, at: number, count: number, radix: 8 | 16, take: (code: number) => void): number {
  const digits = body.slice(at, at + count)
  const valid = radix === 16 ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/
  if (digits.length < count || !valid.test(digits)) throw new RangeError('invalid syntax')
  take(Number.parseInt(digits, radix))
  return at + count
}
