import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The files that a pattern names, sorted. Wildcards (`*`, `?`) stand in the last part of the path only. */
export async function filesMatching(pattern: string): Promise<readonly string[]> {
  const name = basename(pattern)
  if (!/[*?]/.test(name)) return [pattern]
  const folder = dirname(pattern)
  const names = await readdir(folder).catch(() => [])
  const matcher = toRegExp(name)
  return names
    .filter((found) => matcher.test(found))
    .sort()
    .map((found) => join(folder, found))
}

function toRegExp(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}
