// Go maps letters one to one (Unicode's simple case mapping), JavaScript may map one to several: Go's upper case of
// "straße" keeps the ß, and of "ᾳ" is "ᾼ". Relabelling has to agree with Go.

const ASCII = /^\p{ASCII}*$/u

/** Lower case as Go's strings.ToLower. */
export function toLowerGo(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  // The dotted capital I is the only letter whose simple lower case is not among the results of the full one.
  return mapLetters(text, (letter) => (letter === '\u0130' ? 'i' : letter.toLowerCase()))
}

/** Upper case as Go's strings.ToUpper. */
export function toUpperGo(text: string): string {
  return ASCII.test(text) ? text.toUpperCase() : mapLetters(text, upperLetter)
}

function upperLetter(letter: string): string {
  const upper = letter.toUpperCase()
  if (!isSeveral(upper)) return upper
  // Greek letters with a small iota below have a one-letter capital 8 or 9 places on.
  const code = letter.codePointAt(0) as number
  const capital = [code + 8, code + 9].map((other) => String.fromCodePoint(other)).find((other) => other.toLowerCase() === letter)
  return capital ?? letter
}

function mapLetters(text: string, map: (letter: string) => string): string {
  let mapped = ''
  for (const letter of text) {
    const other = map(letter)
    mapped += isSeveral(other) ? letter : other
  }
  return mapped
}

function isSeveral(text: string): boolean {
  return text.length > 1 && text.length > String.fromCodePoint(text.codePointAt(0) as number).length
}
