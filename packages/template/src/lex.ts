// A template is text with actions between `{{` and `}}`. Outside of actions only the next `{{` matters; inside,
// spaces are tokens, because `$x.y` and `$x .y` mean different things. A `- ` after the opening or a ` -` before
// the closing delimiter eats the white space of the text on that side.

export type TokenKind =
  | 'text'
  | 'left'
  | 'right'
  | 'space'
  | 'identifier'
  | 'keyword'
  | 'field'
  | 'variable'
  | 'dot'
  | 'nil'
  | 'bool'
  | 'number'
  | 'char-constant'
  | 'string'
  | 'open'
  | 'close'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'char'
  | 'error'
  | 'eof'

export interface Token {
  readonly kind: TokenKind
  /** As written; for an error its message. */
  readonly text: string
  /** UTF-16 offset into the template's text. */
  readonly at: number
  /** Counts from 1. */
  readonly line: number
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with'])
const SPACE = /[ \t\r\n]/
const WORD = /[\p{L}\p{Nd}_]/u
const NUMBER = /[+-]?(?:0[xX][\da-fA-F_]*\.?[\da-fA-F_]*(?:[pP][+-]?[\d_]*)?|0[bB][01_]*|0[oO][0-7_]*|[\d_]*\.?[\d_]*(?:[eE][+-]?[\d_]*)?)/y

/** The tokens of a template; the last is `eof`, or the `error` that ended the scan. */
export function lex(text: string): readonly Token[] {
  return new Lexer(text).run()
}

class Lexer {
  readonly #text: string
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1
  #lineCountedTo = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): readonly Token[] {
    while (this.#outside()) {
      while (this.#inside()) {}
      if (this.#tokens.at(-1)?.kind === 'error') return this.#tokens
    }
    if (this.#tokens.at(-1)?.kind !== 'error') this.#emit('eof', this.#text.length, '')
    return this.#tokens
  }

  /** Text up to the next action, comments dropped; false at the end. */
  #outside(): boolean {
    const open = this.#text.indexOf('{{', this.#at)
    const end = open < 0 ? this.#text.length : open
    const trims = open >= 0 && this.#text[open + 2] === '-' && SPACE.test(this.#text[open + 3] ?? '')
    let body = this.#text.slice(this.#at, end)
    if (trims) body = body.replace(/[ \t\r\n]+$/, '')
    if (body !== '') this.#emit('text', this.#at, body)
    if (open < 0) return false
    this.#at = open
    const inner = open + 2 + (trims ? 2 : 0)
    if (this.#text.startsWith('/*', inner)) return this.#comment(open, inner)
    this.#emit('left', open, '{{')
    this.#at = inner
    this.#depth = 0
    return true
  }

  #comment(open: number, inner: number): boolean {
    const end = this.#text.indexOf('*/', inner + 2)
    if (end < 0) return this.#fail(open, 'unclosed comment')
    const close = this.#rightDelimiter(end + 2)
    if (close === undefined) return this.#fail(open, 'comment ends before closing delimiter')
    this.#at = close
    return this.#outside()
  }

  /** Where the text goes on when a closing delimiter stands at `at`. */
  #rightDelimiter(at: number): number | undefined {
    if (this.#text.startsWith('}}', at)) return at + 2
    if (!(SPACE.test(this.#text[at] ?? '') && this.#text.startsWith('-}}', at + 1))) return undefined
    let next = at + 4
    while (next < this.#text.length && SPACE.test(this.#text[next] as string)) next++
    return next
  }

  /** One token of an action; false when the action, or everything, ended. */
  #inside(): boolean {
    const at = this.#at
    const close = this.#rightDelimiter(at)
    if (close !== undefined) {
      if (this.#depth > 0) return this.#fail(at, 'unclosed left paren')
      this.#emit('right', at, '}}')
      this.#at = close
      return false
    }
    const char = this.#charAt(at)
    if (char === '') return this.#fail(at, 'unclosed action')
    if (SPACE.test(char)) return this.#space(at)
    if (char === '"') return this.#quoted('string', 'unterminated quoted string')
    if (char === "'") return this.#quoted('char-constant', 'unterminated character constant')
    if (char === '`') return this.#raw()
    if (char === '$') return this.#fieldOrVariable('variable')
    if (char === '.' && !/\d/.test(this.#text[at + 1] ?? '')) return this.#fieldOrVariable('field')
    if (/[+\-.\d]/.test(char)) return this.#number()
    if (WORD.test(char)) return this.#identifier()
    return this.#punctuation(char)
  }

  #punctuation(char: string): boolean {
    const at = this.#at
    if (char === ':') {
      if (this.#text[at + 1] !== '=') return this.#fail(at, 'expected :=')
      return this.#take('declare', at + 2)
    }
    if (char === '=') return this.#take('assign', at + 1)
    if (char === '|') return this.#take('pipe', at + 1)
    if (char === '(') {
      this.#depth++
      return this.#take('open', at + 1)
    }
    if (char === ')') {
      this.#depth--
      if (this.#depth < 0) return this.#fail(at, 'unexpected right paren')
      return this.#take('close', at + 1)
    }
    if (char >= ' ' && char <= '~') return this.#take('char', at + 1)
    return this.#fail(at, `unrecognized character in action: ${describe(char)}`)
  }

  #space(at: number): boolean {
    let end = at
    while (end < this.#text.length && SPACE.test(this.#text[end] as string) && this.#rightDelimiter(end) === undefined) end++
    return this.#take('space', end)
  }

  #identifier(): boolean {
    const end = this.#wordEnd(this.#at)
    const word = this.#text.slice(this.#at, end)
    if (!this.#atTerminator(end)) return this.#fail(this.#at, `bad character ${describe(this.#charAt(end))}`)
    if (KEYWORDS.has(word)) return this.#take('keyword', end)
    if (word === 'nil') return this.#take('nil', end)
    return this.#take(word === 'true' || word === 'false' ? 'bool' : 'identifier', end)
  }

  #fieldOrVariable(kind: 'field' | 'variable'): boolean {
    const start = this.#at + 1
    if (this.#atTerminator(start)) return this.#take(kind === 'field' ? 'dot' : 'variable', start)
    const end = this.#wordEnd(start)
    if (!this.#atTerminator(end)) return this.#fail(this.#at, `bad character ${describe(this.#charAt(end))}`)
    return this.#take(kind, end)
  }

  #number(): boolean {
    NUMBER.lastIndex = this.#at
    const length = NUMBER.exec(this.#text)?.[0].length ?? 0
    const end = this.#at + length
    const next = this.#charAt(end)
    if (length === 0 || WORD.test(next)) {
      return this.#fail(this.#at, `bad number syntax: ${JSON.stringify(this.#text.slice(this.#at, end + Math.max(next.length, 1)))}`)
    }
    return this.#take('number', end)
  }

  #quoted(kind: 'string' | 'char-constant', unterminated: string): boolean {
    const quote = this.#text[this.#at]
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const char = this.#text[at]
      if (char === '\n') break
      if (char === quote) return this.#take(kind, at + 1)
      if (char === '\\') {
        if (this.#text[at + 1] === '\n') break
        at++
      }
    }
    return this.#fail(this.#at, unterminated)
  }

  #raw(): boolean {
    const end = this.#text.indexOf('`', this.#at + 1)
    return end < 0 ? this.#fail(this.#at, 'unterminated raw quoted string') : this.#take('string', end + 1)
  }

  #wordEnd(at: number): number {
    let end = at
    for (let char = this.#charAt(end); char !== '' && WORD.test(char); char = this.#charAt(end)) end += char.length
    return end
  }

  #atTerminator(at: number): boolean {
    const char = this.#text[at]
    return char === undefined || SPACE.test(char) || '.,|:)('.includes(char) || this.#text.startsWith('}}', at)
  }

  #charAt(at: number): string {
    const code = this.#text.codePointAt(at)
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  #take(kind: TokenKind, end: number): boolean {
    this.#emit(kind, this.#at, this.#text.slice(this.#at, end))
    this.#at = end
    return true
  }

  #fail(at: number, message: string): false {
    this.#emit('error', at, message)
    return false
  }

  #emit(kind: TokenKind, at: number, text: string): void {
    for (; this.#lineCountedTo < at; this.#lineCountedTo++) if (this.#text[this.#lineCountedTo] === '\n') this.#line++
    this.#tokens.push({ kind, text, at, line: this.#line })
  }
}

/** A character as Go's `%#U` prints it. */
function describe(char: string): string {
  const code = (char.codePointAt(0) ?? 0xfffd).toString(16).toUpperCase().padStart(4, '0')
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char) ? `U+${code} '${char}'` : `U+${code}`
}
