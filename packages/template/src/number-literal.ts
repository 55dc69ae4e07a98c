import { parseFloatGo } from '@promlet/model'
import type { NumberNode } from './node.ts'

/** A character constant is the number of its character. Gives what is wrong with one that is none. */
export function charNumber(at: number, text: string, char: string): NumberNode | string {
  const code = char.codePointAt(0)
  if (code === undefined) return 'invalid syntax'
  if (String.fromCodePoint(code) !== char) return `malformed character constant: ${text}`
  return { kind: 'number', at, text, int: BigInt(code), float: code, writtenAsFloat: false }
}

/** A number that is written as an int may be used as a float, and the other way round when it is whole. */
export function plainNumber(at: number, text: string): NumberNode | string {
  const int = wholeNumber(text)
  const float = int === undefined ? parseFloatGo(text.replaceAll('_', '')) : Number(int)
  if (float === undefined) return `illegal number syntax: ${JSON.stringify(text)}`
  const isHexInt = /^[+-]?0[xX]/.test(text) && !/[pP]/.test(text)
  const isWhole = Number.isInteger(float) && Math.abs(float) <= Number.MAX_SAFE_INTEGER
  return {
    kind: 'number',
    at,
    text,
    int: int ?? (isWhole ? BigInt(float) : undefined),
    float,
    writtenAsFloat: !isHexInt && /[.eEpP]/.test(text),
  }
}

/** Decimal, `0x`, `0o`, `0b`, or octal with a leading zero; undefined for a text that is no int of 64 bits. */
function wholeNumber(text: string): bigint | undefined {
  const negative = text.startsWith('-')
  const body = text.replace(/^[+-]/, '').replaceAll('_', '').toLowerCase()
  const digits = /^0\d+$/.test(body) ? `0o${body.slice(1)}` : body
  if (!/^(?:\d+|0x[\da-f]+|0o[0-7]+|0b[01]+)$/.test(digits)) return undefined
  const size = BigInt(digits)
  const value = negative ? -size : size
  return BigInt.asIntN(64, value) === value ? value : undefined
}
