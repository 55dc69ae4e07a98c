// The values of a described series, one per step.

import { addHistograms, type Histogram, type HistogramSum, quote, subtractHistograms } from '@promlet/model'
import type { SequenceValue } from './ast.ts'
import { parseHistogram } from './histogram-description.ts'
import { parseProblem } from './problem.ts'

const NUMBER = String.raw`(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF]|[nN][aA][nN]`
const SPACE = /[ \t\r\n]+/y
const BLANK = /_(?:x(\d+))?(?=[ \t\r\n]|$)/y
const STALE = /stale(?=[ \t\r\n]|$)/y
const FLOATS = new RegExp(String.raw`([+-]?(?:${NUMBER}))(?:([+-](?:${NUMBER}))?x(\d+))?(?=[ \t\r\n]|$)`, 'y')
const REPEAT = /x(\d+)(?=[ \t\r\n]|$)/y
const WORD = /[^ \t\r\n]*/y

/** A description is for a test; more values than this are a slip of the pen. */
const VALUES_MAX = 1_000_000

/**
 * Parses the values from `start` to the end of the text.
 * @throws `QueryError` with code `bad_data`.
 */
export function parseSequence(text: string, start: number): readonly SequenceValue[] {
  const reader = new SequenceReader(text, start)
  while (!reader.isAtEnd) reader.readItem()
  return reader.values
}

class SequenceReader {
  readonly values: SequenceValue[] = []
  readonly #text: string
  #at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
    this.#skipSpace()
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length
  }

  readItem(): void {
    if (this.#text.startsWith('{{', this.#at)) this.#readHistograms()
    else if (!this.#readBlanks() && !this.#readFloats()) this.#fail()
    if (!this.isAtEnd && !this.#skipSpace()) this.#fail()
  }

  #readBlanks(): boolean {
    if (this.#take(STALE) !== undefined) {
      this.values.push({ kind: 'stale' })
      return true
    }
    const match = this.#take(BLANK)
    if (match === undefined) return false
    const count = match[1] === undefined ? 1 : this.#count(match[1])
    for (let index = 0; index < count; index++) this.values.push(undefined)
    return true
  }

  #readFloats(): boolean {
    const match = this.#take(FLOATS)
    if (match === undefined) return false
    let value = readFloat(match[1] as string)
    const step = match[2] === undefined ? 0 : readFloat(match[2])
    const repeats = match[3] === undefined ? 0 : this.#count(match[3])
    for (let index = 0; index <= repeats; index++) {
      this.values.push({ kind: 'float', value })
      // Without a step the value stays as it is, also the infinite and the negative zero.
      if (match[2] !== undefined) value += step
    }
    return true
  }

  #readHistograms(): void {
    const { histogram: base, hasHint } = this.#histogram()
    const sign = this.#text[this.#at]
    if ((sign === '+' || sign === '-') && this.#text.startsWith('{{', this.#at + 1)) {
      this.#at++
      const step = this.#histogram().histogram
      const times = this.#take(REPEAT) ?? this.#fail()
      this.#pushSums(base, step, this.#count(times[1] as string), sign === '+' ? addHistograms : subtractHistograms)
      return
    }
    const match = this.#take(REPEAT)
    const repeats = match === undefined ? 0 : this.#count(match[1] as string)
    for (let index = 0; index <= repeats; index++) this.values.push({ kind: 'histogram', histogram: base, hasHint })
  }

  #histogram(): ReturnType<typeof parseHistogram> {
    const parsed = parseHistogram(this.#text, this.#at)
    this.#at = parsed.end
    return parsed
  }

  #pushSums(
    base: Histogram,
    step: Histogram,
    repeats: number,
    combine: (left: Histogram, right: Histogram) => HistogramSum | undefined,
  ): void {
    const position = { start: this.#at - 1, end: this.#at }
    if (base.schema > step.schema) {
      throw parseProblem(this.#text, position, `error combining histograms: cannot merge from schema ${step.schema} to ${base.schema}`)
    }
    let histogram = base
    this.values.push({ kind: 'histogram', histogram })
    for (let index = 0; index < repeats; index++) {
      const sum = combine(histogram, step)
      if (sum === undefined) {
        throw parseProblem(
          this.#text,
          position,
          'cannot apply this operation on histograms with a mix of exponential and custom bucket schemas',
        )
      }
      histogram = sum.histogram
      this.values.push({ kind: 'histogram', histogram })
    }
  }

  #count(digits: string): number {
    const count = Number(digits)
    if (count + this.values.length <= VALUES_MAX) return count
    const position = { start: this.#at - digits.length, end: this.#at }
    throw parseProblem(this.#text, position, `invalid repetition in series values: ${digits} is more than ${VALUES_MAX} values`)
  }

  #skipSpace(): boolean {
    return this.#take(SPACE) !== undefined
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.#at += match[0].length
    return match
  }

  #fail(): never {
    const start = this.#at
    const word = this.#take(WORD)?.[0] ?? ''
    const hint = 'a value is a number, _, stale or {{…}}; it can end in x and a count, or in + or -, a step, x and a count'
    throw parseProblem(this.#text, { start, end: this.#at }, `unexpected ${quote(word)} in series values, expected number or "stale"`, hint)
  }
}

function readFloat(text: string): number {
  switch (text.toLowerCase().replace(/^[+-]/, '')) {
    case 'inf':
      return text.startsWith('-') ? -Infinity : Infinity
    case 'nan':
      return Number.NaN
  }
  return Number(text)
}
