// Numbers for label sets that agree in the labels that count. They are found by going from value to value through maps,
// so that nothing is built per series: joining the labels of each to a key took longer than summing its samples.

import type { Labels } from '@promlet/model'

interface Place {
  /** Where the next value or name leads. */
  next: Map<string, Place> | undefined
  /** Below zero: no set ends here. */
  number: number
}

export class LabelNumbers {
  /** How many numbers were given, from 0 on. */
  count = 0
  readonly #root = newPlace()
  readonly #names: readonly string[]
  readonly #others: boolean

  /** Compares the labels of these names, or with `others` all but these. */
  constructor(names: readonly string[], others: boolean) {
    this.#names = names
    this.#others = others
  }

  /** The number of a label set; a new one is `count` as it was before. */
  of(labels: Labels): number {
    const place = this.#others ? this.#alongOthers(labels) : this.#alongNames(labels)
    if (place.number < 0) place.number = this.count++
    return place.number
  }

  #alongNames(labels: Labels): Place {
    let place = this.#root
    for (let index = 0; index < this.#names.length; index++) place = step(place, labels.get(this.#names[index] as string))
    return place
  }

  #alongOthers({ names, values }: Labels): Place {
    let place = this.#root
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string
      if (!this.#names.includes(name)) place = step(step(place, name), values[index] as string)
    }
    return place
  }
}

function newPlace(): Place {
  return { next: undefined, number: -1 }
}

function step(place: Place, text: string): Place {
  place.next ??= new Map()
  let found = place.next.get(text)
  if (found === undefined) {
    found = newPlace()
    place.next.set(text, found)
  }
  return found
}

/** True when two of the label sets are the same. */
export function haveSameLabels(all: readonly Labels[]): boolean {
  if (all.length < 2) return false
  const texts = new Map<string, number>()
  const seen = new Map<number, Labels>()
  for (let index = 0; index < all.length; index++) {
    const labels = all[index] as Labels
    const hash = hashOf(labels, texts)
    const other = seen.get(hash)
    // Two sets with one hash are rarely different; then their keys tell.
    if (other !== undefined) return other.equals(labels) || new Set(all.map(({ key }) => key)).size < all.length
    seen.set(hash, labels)
  }
  return false
}

function hashOf({ names, values }: Labels, texts: Map<string, number>): number {
  let hash = names.length
  for (let index = 0; index < names.length; index++) {
    hash = Math.imul(hash ^ numberOf(names[index] as string, texts), 0x9e3779b1)
    hash = Math.imul((hash ^ (hash >>> 15)) + numberOf(values[index] as string, texts), 0x85ebca77)
    hash ^= hash >>> 13
  }
  return hash
}

function numberOf(text: string, texts: Map<string, number>): number {
  let number = texts.get(text)
  if (number === undefined) {
    number = texts.size + 1
    texts.set(text, number)
  }
  return number
}
