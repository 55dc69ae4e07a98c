// Numbers as Go reads them: whole ones in base 8 after a leading 0 and in base 16 after 0x, underscores between
// digits, and durations, which mean their seconds.

import { parseDuration, parseFloatGo } from '@promlet/model'
import type { NumberLiteral, StringLiteral } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readString } from './scan-string.ts'
import type { Token } from './token.ts'

/** Takes a number or duration token that is known to be there. */
export function takeNumber(cursor: Cursor): NumberLiteral {
  const token = cursor.take()
  const duration = token.kind === 'duration'
  const value = duration ? secondsOf(token, cursor) : numberOf(token, cursor)
  return { kind: 'number', value, duration, position: { start: token.start, end: token.end } }
}

/** Takes a string token that is known to be there. */
export function takeString(cursor: Cursor): StringLiteral {
  const token = cursor.take()
  return { kind: 'string', value: readString(token.text), position: { start: token.start, end: token.end } }
}

/** Seconds as milliseconds, to the nanosecond: 4.105 times 1000 misses 4105 by a hair. */
export function millisOf(seconds: number): number {
  return Number((seconds * 1000).toFixed(6))
}

function secondsOf(token: Token, cursor: Cursor): number {
  try {
    return parseDuration(token.text) / 1000
  } catch (error) {
    throw cursor.problem(token, error instanceof Error ? error.message : String(error))
  }
}

const OCTAL = /^0[0-7]+$/
const HEX = /^0[xX][0-9a-fA-F]+$/

function numberOf(token: Token, cursor: Cursor): number {
  const plain = token.text.replaceAll('_', '')
  if (OCTAL.test(plain)) return Number.parseInt(plain, 8)
  if (HEX.test(plain)) return Number(plain)
  const value = parseFloatGo(plain)
  if (value === undefined)
    throw cursor.problem(token, `error parsing number: strconv.ParseFloat: parsing ${JSON.stringify(token.text)}: invalid syntax`)
  if (!Number.isFinite(value) && /\d/.test(plain)) {
    throw cursor.problem(token, `error parsing number: strconv.ParseFloat: parsing ${JSON.stringify(token.text)}: value out of range`)
  }
  return value
}
