// A label set is immutable and sorted by name, as Prometheus sorts it: by the bytes of the UTF-8 text. Its
// `key` is the canonical text of the set: two sets are equal exactly when their keys are, so a `Map` keyed by
// it is the way to group or look up series.

/** The label that holds a series' metric name. */
export const METRIC_NAME = '__name__'

/**
 * Compares two texts as their UTF-8 bytes would compare, which is how Prometheus sorts labels.
 * JavaScript's `<` compares UTF-16 units, which differs where a surrogate meets U+E000 to U+FFFF.
 */
export function compareText(left: string, right: string): number {
  if (left === right) return 0
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a !== b) return fixSurrogate(a) - fixSurrogate(b)
  }
  return left.length - right.length
}

/** Moves surrogates above the other units, so that unit order is code point order. */
function fixSurrogate(code: number): number {
  if (code < 0xd800) return code
  return code >= 0xe000 ? code - 0x800 : code + 0x2000
}

/** An immutable label set, sorted by name, without empty values and without duplicate names. */
export class Labels {
  static readonly empty: Labels = new Labels([], [])

  /** Sorted by `compareText`, parallel to `values`. */
  readonly names: readonly string[]
  readonly values: readonly string[]
  #key: string | undefined

  private constructor(names: readonly string[], values: readonly string[]) {
    this.names = names
    this.values = values
    this.#key = undefined
  }

  /** From a record; labels with an empty value are left out, as an empty label is no label. */
  static of(record: Readonly<Record<string, string>>): Labels {
    return Labels.fromPairs(Object.entries(record))
  }

  /** From pairs in any order; of two pairs with one name the later wins; empty values are left out. */
  static fromPairs(pairs: Iterable<readonly [name: string, value: string]>): Labels {
    const byName = new Map<string, string>()
    for (const [name, value] of pairs) byName.set(name, value)
    const names: string[] = []
    for (const [name, value] of byName) if (value !== '') names.push(name)
    if (names.length === 0) return Labels.empty
    names.sort(compareText)
    return new Labels(
      names,
      names.map((name) => byName.get(name) as string),
    )
  }

  /** From parallel arrays that the caller has sorted by `compareText` and gives away; values are not empty. */
  static fromSorted(names: readonly string[], values: readonly string[]): Labels {
    return names.length === 0 ? Labels.empty : new Labels(names, values)
  }

  get size(): number {
    return this.names.length
  }

  /** The canonical text of the set. Equal keys mean equal sets. Not for people: see `toString`. */
  get key(): string {
    if (this.#key === undefined) {
      let lengths = ''
      for (let index = 0; index < this.names.length; index++) {
        // The lengths make the text unambiguous whatever the names and values contain.
        lengths += `${(this.names[index] as string).length},${(this.values[index] as string).length},`
      }
      // Joined, not added up: a sum of texts keeps all its parts, which took three times the memory.
      this.#key = [lengths, ...this.names, ...this.values].join('')
    }
    return this.#key
  }

  /** The value of a label; the empty string when the set does not have it, which in Prometheus is the same. */
  get(name: string): string {
    const index = this.names.indexOf(name)
    return index < 0 ? '' : (this.values[index] as string)
  }

  has(name: string): boolean {
    return this.names.includes(name)
  }

  /** The metric name, or the empty string. */
  get metricName(): string {
    return this.get(METRIC_NAME)
  }

  equals(other: Labels): boolean {
    return this === other || this.key === other.key
  }

  /** A copy with one label set; an empty value removes it. */
  with(name: string, value: string): Labels {
    if (value === '') return this.without(name)
    let at = 0
    while (at < this.names.length && compareText(this.names[at] as string, name) < 0) at++
    const replaced = this.names[at] === name ? 1 : 0
    const names = replaced === 1 ? this.names : this.names.toSpliced(at, 0, name)
    return new Labels(names, this.values.toSpliced(at, replaced, value))
  }

  /** A copy with labels set, later pairs winning; an empty value removes a label. */
  withAll(pairs: Iterable<readonly [name: string, value: string]>): Labels {
    return Labels.fromPairs([...this, ...pairs])
  }

  /** A copy without the named labels. */
  without(...names: readonly string[]): Labels {
    return this.filter((name) => !names.includes(name))
  }

  /** A copy with only the named labels. */
  only(...names: readonly string[]): Labels {
    return this.filter((name) => names.includes(name))
  }

  /** A copy with the labels that `keep` accepts. */
  filter(keep: (name: string, value: string) => boolean): Labels {
    const names: string[] = []
    const values: string[] = []
    for (let index = 0; index < this.names.length; index++) {
      const name = this.names[index] as string
      const value = this.values[index] as string
      if (!keep(name, value)) continue
      names.push(name)
      values.push(value)
    }
    if (names.length === this.names.length) return this
    return Labels.fromSorted(names, values)
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let index = 0; index < this.names.length; index++) {
      yield [this.names[index] as string, this.values[index] as string]
    }
  }

  /** Order of label sets as Prometheus has it: pair by pair, name before value, the shorter set first. */
  static compare(left: Labels, right: Labels): number {
    const length = Math.min(left.names.length, right.names.length)
    for (let index = 0; index < length; index++) {
      const byName = compareText(left.names[index] as string, right.names[index] as string)
      if (byName !== 0) return byName
      const byValue = compareText(left.values[index] as string, right.values[index] as string)
      if (byValue !== 0) return byValue
    }
    return left.names.length - right.names.length
  }

  toJSON(): Record<string, string> {
    const record: Record<string, string> = {}
    for (const [name, value] of this) record[name] = value
    return record
  }

  /** The set as Prometheus prints it: `{__name__="up", job="node"}`; names that need it are quoted. */
  toString(): string {
    const pairs = [...this].map(([name, value]) => `${quoteNameIfNeeded(name)}=${quote(value)}`)
    return `{${pairs.join(', ')}}`
  }
}

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const METRIC_NAME_TEXT = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** True for names that need no quotes in PromQL: letters, digits and underscores, not starting with a digit. */
export function isLegacyLabelName(name: string): boolean {
  return LABEL_NAME.test(name)
}

/** True for metric names that need no quotes in PromQL: as label names, with colons. */
export function isLegacyMetricName(name: string): boolean {
  return METRIC_NAME_TEXT.test(name)
}

/** Prometheus 3 accepts every non-empty text of whole characters as a name. */
export function isValidName(name: string): boolean {
  return name !== '' && name.isWellFormed()
}

/** A label name as it stands in a selector: quoted when the legacy scheme would refuse it. */
export function quoteNameIfNeeded(name: string): string {
  return isLegacyLabelName(name) ? name : quote(name)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f"\\\u00ad\ufeff]|\p{Cn}|\p{Co}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}|(?! )\p{Zs}/gu
const UNPRINTABLE_OR_WIDE = new RegExp(`${UNPRINTABLE.source}|[^\\0-\\x7f]`, 'gu')

/**
 * A double-quoted text as Go's strconv.Quote writes it. A lone surrogate U+DC80 to U+DCFF stands for a byte that is no
 * UTF-8 and is written as that byte.
 */
export function quote(text: string): string {
  return `"${text.replace(UNPRINTABLE, escapeChar)}"`
}

/** The same with nothing but ASCII, as Go's strconv.QuoteToASCII writes it. */
export function quoteToAscii(text: string): string {
  return `"${text.replace(UNPRINTABLE_OR_WIDE, escapeChar)}"`
}

function escapeChar(char: string): string {
  const known = ESCAPES[char]
  if (known !== undefined) return known
  const code = char.codePointAt(0) as number
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`
  return `\\u${code.toString(16).padStart(4, '0')}`
}
