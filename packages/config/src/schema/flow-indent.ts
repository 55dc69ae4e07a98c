// Go's YAML decoder does not look at the indentation of lines within brackets, and configurations in the field use that:
//
//     - targets: [
//       'localhost:9090',
//     ]
//
// The parser here asks for more indentation than the key has. So where it complains, these lines are indented, and the
// file is parsed again; `LineShifts` takes the added columns off positions.

/** How many columns were added to lines, which count from 1. */
export type LineShifts = Map<number, number>

/**
 * Indents the lines of the flow collection that begins at `start`, from its second line to its end.
 * Gives undefined when it has no second line or no end, or was indented before.
 */
export function indentFlow(text: string, start: number, shifts: LineShifts): string | undefined {
  const end = endOfFlow(text, start)
  const firstBreak = text.indexOf('\n', start)
  if (end === undefined || firstBreak < 0 || firstBreak > end) return undefined
  const pad = start - (text.lastIndexOf('\n', start) + 1) + 1
  const inside = text.slice(firstBreak, end)
  const firstLine = text.slice(0, firstBreak).split('\n').length + 1
  const lines = inside.split('\n').length - 1
  // Once is enough: what is still wrong then is something else.
  if (shifts.has(firstLine)) return undefined
  for (let line = firstLine; line < firstLine + lines; line++) shifts.set(line, (shifts.get(line) ?? 0) + pad)
  return text.slice(0, firstBreak) + inside.replaceAll('\n', `\n${' '.repeat(pad)}`) + text.slice(end)
}

/** Quoted texts, comments, and brackets. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|(?<=\s)#[^\n]*|[[{]|[\]}]/gs

/** The place behind the bracket that closes the one at `start`. */
function endOfFlow(text: string, start: number): number | undefined {
  let depth = 0
  for (const match of text.slice(start).matchAll(TOKEN)) {
    if ('[{'.includes(match[0])) depth++
    else if (']}'.includes(match[0])) depth--
    if (depth === 0) return start + match.index + 1
  }
  return undefined
}
