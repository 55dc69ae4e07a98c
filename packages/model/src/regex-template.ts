// Replacement texts of relabelling and of label_replace, in the language of Go's regexp.Expand: `$1`, `${1}`, `$name`,
// `${name}`; `$$` is a dollar; a name is the longest run of letters, digits and underscores, so `$1x` is `${1x}`;
// a group that the pattern does not have is empty; a dollar that starts no reference is just a dollar.

/** A replacement text, parsed once for one pattern. */
export interface RegexTemplate {
  /** Texts and group numbers in turn; a number that the match does not have expands to nothing. */
  readonly parts: readonly (string | number)[]
  /** False when the text has no reference to a group. */
  readonly needsGroups: boolean
}

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu
const NO_GROUP = -1

/** Parses a replacement text; `names` has the numbers of the pattern's named groups. */
export function parseTemplate(text: string, names: Readonly<Record<string, number>>): RegexTemplate {
  const parts: (string | number)[] = []
  let end = 0
  for (const match of text.matchAll(REFERENCE)) {
    const name = match[1] ?? match[2]
    parts.push(text.slice(end, match.index), name === undefined ? '$' : groupNumber(name, names))
    end = match.index + match[0].length
  }
  parts.push(text.slice(end))
  return { parts, needsGroups: parts.some((part) => typeof part === 'number') }
}

function groupNumber(name: string, names: Readonly<Record<string, number>>): number {
  // Go takes `$01` for a name, which no group can have.
  if (/^(0|[1-9][0-9]{0,8})$/.test(name)) return Number(name)
  return Object.hasOwn(names, name) ? (names[name] as number) : NO_GROUP
}

/** The text with its references replaced by the groups of a match; group 0 is the whole match. */
export function expand({ parts }: RegexTemplate, groups: readonly string[]): string {
  let text = ''
  for (const part of parts) text += typeof part === 'number' ? (groups[part] ?? '') : part
  return text
}
