/** The name that was probably meant: the longer or shorter form of one, or the nearest; undefined when none is near. */
export function nearName(written: string, names: readonly string[]): string | undefined {
  const longer = names.find((name) => name.endsWith(`.${written}`) || written.endsWith(`.${name}`))
  if (longer !== undefined) return longer
  const [nearest] = names.map((name) => ({ name, far: distance(written, name) })).sort((left, right) => left.far - right.far)
  return nearest !== undefined && nearest.far <= Math.max(2, written.length / 4) ? nearest.name : undefined
}

/** Levenshtein distance. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const swap = (row[j - 1] as number) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[right.length] as number
}
