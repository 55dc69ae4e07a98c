// Go's regexp as templates use it: not anchored, a dot stops at a newline, and `$1`, `${name}` in replacements,
// where `$1x` means a group called `1x`.

import { compileRe2 } from '@promlet/model'

type Compiled = ReturnType<typeof compileRe2>

/** @throws RangeError for a pattern that is not valid. */
function compile(pattern: string): Compiled {
  try {
    // The model compiles with a dot that matches newlines; here it does not.
    return compileRe2(`(?-s:${pattern})`)
  } catch (error) {
    throw new RangeError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** True when the pattern matches anywhere in the text. */
export function matches(pattern: string, text: string): boolean {
  return compile(pattern).matcher(text).find()
}

export function replaceAll(pattern: string, replacement: string, text: string): string {
  const matcher = compile(pattern).matcher(text)
  let result = ''
  let end = 0
  while (matcher.find()) {
    result += text.slice(end, matcher.start()) + expand(replacement, (name) => groupText(matcher, name))
    end = matcher.end()
  }
  return result + text.slice(end)
}

function groupText(matcher: ReturnType<Compiled['matcher']>, name: string): string {
  try {
    return (/^\d+$/.test(name) ? matcher.group(Number(name)) : matcher.group(name)) ?? ''
  } catch {
    // Go: a group that does not exist is empty.
    return ''
  }
}

function expand(replacement: string, group: (name: string) => string): string {
  return replacement.replace(/\$(?:\$|\{([^}]*)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    if (whole === '$$') return '$'
    return group(braced ?? bare ?? '')
  })
}
