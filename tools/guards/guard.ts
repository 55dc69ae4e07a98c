/** Something that keeps data safe, and the tests that fail without it. */
export interface Guard {
  /** What is lost when it is removed. */
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once, so that an edit that no longer fits is noticed. */
  readonly find: string
  readonly replace: string
  /** Test files, and the titles in them that are run; all when there is none. */
  readonly tests: readonly string[]
  readonly title?: string
}

/** The text without the guard. @throws when the edit does not fit any more. */
export function withoutGuard({ name, file, find, replace }: Guard, text: string): string {
  const found = text.split(find).length - 1
  if (found !== 1) throw new Error(`the guard "${name}" does not fit any more: ${file} has what it removes ${found} times, not once`)
  return text.replace(find, () => replace)
}
