// Go's regexp as templates use it. Empty matches right behind another match do not count, as in Go.

import { compileGo, expand, parseTemplate } from '@promlet/model'

/** True when the pattern matches anywhere in the text. @throws RangeError for a pattern that is not valid. */
export function matches(pattern: string, text: string): boolean {
  return compileGo(pattern).matcher(text).find()
}

/** Replaces every match; `$1` and `${name}` stand for groups. @throws RangeError as Go's MustCompile panics. */
export function replaceAll(pattern: string, replacement: string, text: string): string {
  const regex = mustCompile(pattern)
  const template = parseTemplate(replacement, regex.namedGroups())
  const matcher = regex.matcher(text)
  let result = ''
  let end = 0
  let previous = -1
  while (matcher.find()) {
    const [start, stop] = [matcher.start(), matcher.end()]
    if (start === stop && start === previous) continue
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
    result += text.slice(end, start) + expand(template, groups)
    end = stop
    previous = stop
  }
  return result + text.slice(end)
}

function mustCompile(pattern: string): ReturnType<typeof compileGo> {
  try {
    return compileGo(pattern)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RangeError(`regexp: Compile(\`${pattern}\`): ${reason}`, { cause: error })
  }
}
