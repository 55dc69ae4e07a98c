// File patterns as Go's filepath.Glob has them: `*` and `?` stay within one part of the path and match leading dots
// too, `[a-z]` and `[^a-z]` are classes, a backslash takes the next character as it is. No braces, no `**`.

import { readdir, stat } from 'node:fs/promises'
import { join, parse, sep } from 'node:path'

const MAGIC = /[*?[\\]/

/** True for a path that names more than itself. */
export function isGlob(pattern: string): boolean {
  return MAGIC.test(pattern)
}

/** The existing paths that match, sorted. What cannot be read matches nothing. */
export async function glob(pattern: string): Promise<readonly string[]> {
  if (!isGlob(pattern)) return (await exists(pattern)) ? [pattern] : []
  const { root } = parse(pattern)
  let found: readonly string[] = [root]
  for (const part of pattern.slice(root.length).split(sep)) {
    if (part === '') continue
    const next = await Promise.all(found.map((folder) => matchPart(folder, part)))
    found = next.flat()
  }
  return found.toSorted()
}

async function matchPart(folder: string, part: string): Promise<readonly string[]> {
  if (!isGlob(part)) return (await exists(join(folder, part))) ? [join(folder, part)] : []
  const matches = partMatcher(part)
  const names = await readdir(folder === '' ? '.' : folder).catch(() => [])
  return names.filter((name) => matches.test(name)).map((name) => join(folder, name))
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

const PIECE = /\\(.)|\[(\^?)((?:\\.|[^\]])+)\]|([*?])|(.)/gs

function partMatcher(part: string): RegExp {
  const body = part.replace(PIECE, (_, escaped?: string, not?: string, inside?: string, wild?: string, plain?: string) => {
    if (inside !== undefined) return `[${not}${inside.replaceAll('[', '\\[')}]`
    if (wild !== undefined) return wild === '*' ? '[^/]*' : '[^/]'
    return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|]/, '\\$&')
  })
  try {
    return new RegExp(`^${body}$`, 's')
  } catch {
    // A class such as [z-a] is in nothing.
    return /(?!)/
  }
}
