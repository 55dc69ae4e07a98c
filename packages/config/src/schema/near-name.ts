/** The name that was probably meant, or undefined when none is near: at most a third of the letters differ. */
export function nearName(written: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(written.length / 3)) + 1
  for (const name of names) {
    const edits = editDistance(written.toLowerCase(), name.toLowerCase())
    if (edits >= fewest) continue
    fewest = edits
    best = name
  }
  return best
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
function editDistance(source: string, target: string): number {
  let above = Array.from({ length: target.length + 1 }, (_, column) => column)
  for (let row = 1; row <= source.length; row++) {
    const line = [row]
    for (let column = 1; column <= target.length; column++) {
      const change = above[column - 1]! + (source[row - 1] === target[column - 1] ? 0 : 1)
      line.push(Math.min(change, above[column]! + 1, line[column - 1]! + 1))
    }
    above = line
  }
  return above[target.length]!
}
