// Regular expressions of matchers and relabelling are RE2's: linear time, anchored at both ends, dot matches
// newline. RE2JS gives that for any pattern, at a price per match; most patterns in the field are literals,
// alternations of literals, or a literal with `.*` or `.+` around it, and these are matched by string functions.

import { RE2JS } from 're2js'

/** An anchored pattern, ready to be matched many times. */
export interface AnchoredRegex {
  readonly pattern: string
  /** When the pattern is just a choice of texts: these, so that an index can look them up. */
  readonly literals: readonly string[] | undefined
  /** Every match starts with it; the empty string when nothing is known. */
  readonly prefix: string
  test(text: string): boolean
}

/**
 * Compiles a pattern that has to match a whole text.
 * @throws RangeError with RE2's reason for a pattern that is not valid.
 */
export function compileAnchored(pattern: string): AnchoredRegex {
  const literals = literalAlternation(pattern)
  if (literals !== undefined) {
    const set = new Set(literals)
    return { pattern, literals, prefix: literals.length === 1 ? (literals[0] as string) : '', test: (text) => set.has(text) }
  }
  const simple = simpleShape(pattern)
  if (simple !== undefined) return { pattern, literals: undefined, ...simple }
  const compiled = compileRe2(pattern)
  return { pattern, literals: undefined, prefix: literalPrefix(pattern), test: (text) => compiled.testExact(text) }
}

/**
 * The same pattern with its groups, for relabelling: gives the groups of a match of the whole text, or undefined.
 * @throws RangeError as `compileAnchored`.
 */
export function compileRe2(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL)
  } catch (error) {
    throw new RangeError(reasonOf(pattern, error), { cause: error })
  }
}

/**
 * The pattern as Go's regexp.Compile takes it, for templates: not anchored, and a dot stops at a newline.
 * @throws RangeError with RE2's reason.
 */
export function compileGo(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    throw new RangeError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** What is wrong with the pattern as Prometheus wraps it, so that the quoted part reads as there. */
function reasonOf(pattern: string, error: unknown): string {
  try {
    RE2JS.compile(`^(?s:${pattern})$`)
  } catch (wrapped) {
    if (wrapped instanceof Error) return wrapped.message
  }
  return error instanceof Error ? error.message : String(error)
}

const META = /[\\.+*?()|[\]{}^$]/

function literalAlternation(pattern: string): readonly string[] | undefined {
  let body = pattern
  if (body.startsWith('(') && body.endsWith(')') && !body.startsWith('(?')) body = body.slice(1, -1)
  else if (body.startsWith('(?:') && body.endsWith(')')) body = body.slice(3, -1)
  const branches = body.split('|')
  return branches.every((branch) => !META.test(branch)) ? branches : undefined
}

function simpleShape(pattern: string): Pick<AnchoredRegex, 'prefix' | 'test'> | undefined {
  if (pattern === '.*') return { prefix: '', test: () => true }
  if (pattern === '.+') return { prefix: '', test: (text) => text !== '' }
  const match = /^(\.[*+])?([^\\.+*?()|[\]{}^$]+)(\.[*+])?$/.exec(pattern)
  if (match === null) return undefined
  const [, before, literal = '', after] = match
  const beforeMin = before === '.+' ? 1 : 0
  const afterMin = after === '.+' ? 1 : 0
  if (before === undefined) {
    return { prefix: literal, test: (text) => text.startsWith(literal) && text.length >= literal.length + afterMin }
  }
  if (after === undefined) {
    return { prefix: '', test: (text) => text.endsWith(literal) && text.length >= literal.length + beforeMin }
  }
  return {
    prefix: '',
    test(text) {
      const at = text.indexOf(literal, beforeMin)
      return at >= 0 && at + literal.length + afterMin <= text.length
    },
  }
}

function literalPrefix(pattern: string): string {
  // A choice, or a flag such as (?i), at the top says nothing of the start.
  if (pattern.includes('|') || pattern.startsWith('(')) return ''
  const literal = /^[^\\.+*?()|[\]{}^$]*/.exec(pattern)?.[0] ?? ''
  const next = pattern[literal.length]
  // A quantifier binds to the last character, which may then be missing.
  return next !== undefined && '*?{'.includes(next) ? [...literal].slice(0, -1).join('') : literal
}
