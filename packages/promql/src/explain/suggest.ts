import { similarNames } from '../syntax/similar.ts'

const SUGGESTIONS_MAX = 5

/** Names that were probably meant: other letters or another case, longer or shorter forms, then names with the same words. */
export function suggestNames(written: string, known: readonly string[]): readonly string[] {
  if (written === '') return []
  const lower = written.toLowerCase()
  const others = known.filter((name) => name !== written)
  const found = new Set([
    ...others.filter((name) => name.toLowerCase() === lower),
    ...similarNames(written, others),
    ...others.filter((name) => isForm(lower, name.toLowerCase()) || isForm(name.toLowerCase(), lower)),
    ...withSameWords(lower, others),
  ])
  return [...found].slice(0, SUGGESTIONS_MAX)
}

/** `http_requests` is a form of `http_requests_total`; a name of one word is one of too many. */
function isForm(short: string, long: string): boolean {
  return short.length >= 3 && (long.startsWith(`${short}_`) || long.endsWith(`_${short}`) || long.startsWith(`${short}:`))
}

/** Names that share at least two words, or all of a shorter name: the most first. */
function withSameWords(written: string, known: readonly string[]): readonly string[] {
  const words = new Set(wordsOf(written))
  const wanted = Math.max(2, Math.ceil(words.size / 2))
  return known
    .map((name) => ({ name, same: wordsOf(name.toLowerCase()).filter((word) => words.has(word)).length }))
    .filter(({ same }) => same >= wanted)
    .sort((left, right) => right.same - left.same)
    .map(({ name }) => name)
}

function wordsOf(name: string): readonly string[] {
  return name.split(/[_:.]/).filter((word) => word !== '')
}
