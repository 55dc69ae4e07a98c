import { statSync } from 'node:fs'

/**
 * Gives what was read from files, and reads them anew once one of them has changed on disk. `read` may throw: the
 * first time it is the caller's to see, later `onFailure` is told and what was read before still holds.
 */
export function rereadable<Content>(
  paths: (content: Content | undefined) => readonly string[],
  read: () => Content,
  onFailure: (error: unknown) => void,
): () => Content {
  let content = read()
  let seen = stampOf(paths(content))
  return () => {
    const now = stampOf(paths(content))
    if (now === seen) return content
    seen = now
    try {
      content = read()
      seen = stampOf(paths(content))
    } catch (error) {
      onFailure(error)
    }
    return content
  }
}

/** Changes whenever one of the files does; asking costs a few microseconds. */
function stampOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false })
      return found === undefined ? 'missing' : `${found.ino} ${found.size} ${found.mtimeMs}`
    })
    .join()
}
