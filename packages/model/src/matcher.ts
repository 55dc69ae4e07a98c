import { quote, quoteNameIfNeeded } from './labels.ts'
import { type AnchoredRegex, compileAnchored } from './regex.ts'

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** One condition on one label of a series. A label that is missing has the empty string as its value. */
export class Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
  /** Set for `=~` and `!~`. */
  readonly regex: AnchoredRegex | undefined
  #text: string | undefined

  /** @throws RangeError for a regular expression that is not valid. */
  constructor(name: string, operator: MatchOperator, value: string) {
    this.name = name
    this.operator = operator
    this.value = value
    this.regex = operator === '=~' || operator === '!~' ? compileAnchored(value) : undefined
    this.#text = undefined
  }

  matches(value: string): boolean {
    switch (this.operator) {
      case '=':
        return value === this.value
      case '!=':
        return value !== this.value
      case '=~':
        return (this.regex as AnchoredRegex).test(value)
      case '!~':
        return !(this.regex as AnchoredRegex).test(value)
    }
  }

  /** True when a series without the label matches. */
  get matchesEmpty(): boolean {
    return this.matches('')
  }

  /** As it stands in a selector: `job=~"node|web"`. */
  toString(): string {
    this.#text ??= `${quoteNameIfNeeded(this.name)}${this.operator}${quote(this.value)}`
    return this.#text
  }
}

/** True when all matchers accept the label set. */
export function matchesAll(matchers: readonly Matcher[], labels: { get(name: string): string }): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))
}
