import { compareText } from '@promlet/model'

const CHUNKS = /\d+|\D+/g

/**
 * Compares texts as people do: runs of digits by their value, so that `node2` comes before `node10`.
 * Prometheus sorts labels with github.com/facette/natsort.
 */
export function compareNaturally(left: string, right: string): number {
  if (left === right) return 0
  const leftChunks = left.match(CHUNKS) ?? []
  const rightChunks = right.match(CHUNKS) ?? []
  for (let index = 0; index < leftChunks.length; index++) {
    const a = leftChunks[index] as string
    const b = rightChunks[index]
    if (b === undefined) return 1
    const order = compareChunks(a, b)
    if (order !== 0) return order
  }
  return leftChunks.length === rightChunks.length ? compareText(left, right) : -1
}

function compareChunks(a: string, b: string): number {
  if (a === b) return 0
  const isDigitsA = isDigit(a)
  const isDigitsB = isDigit(b)
  if (isDigitsA && isDigitsB) return Number(a) - Number(b) || a.length - b.length
  return compareText(a, b)
}

function isDigit(text: string): boolean {
  const code = text.charCodeAt(0)
  return code >= 48 && code <= 57
}
