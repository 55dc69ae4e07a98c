/** Names that a mistyped one could have meant: few edits away, the nearest first. */
export function similarNames(name: string, known: Iterable<string>): readonly string[] {
  const limit = name.length < 5 ? 1 : 2
  return [...known]
    .map((candidate) => ({ candidate, edits: editsBetween(name.toLowerCase(), candidate) }))
    .filter(({ edits }) => edits <= limit)
    .sort((left, right) => left.edits - right.edits || left.candidate.localeCompare(right.candidate, 'en'))
    .map(({ candidate }) => candidate)
}

/** Letters to insert, remove, change, or swap with their neighbour (optimal string alignment distance). */
function editsBetween(left: string, right: string): number {
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1]
      let edits = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (same ? 0 : 1))
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      if (isSwap) edits = Math.min(edits, (before[j - 2] as number) + 1)
      next.push(edits)
    }
    before = row
    row = next
  }
  return row[right.length] as number
}
