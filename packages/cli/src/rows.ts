// Rows of SQL as text, row by row: never all of them in memory.

import type { SqlValue } from '@promlet/tsdb'

type Rows = Iterable<readonly SqlValue[]>

/** Rows that a table looks at before it decides how wide its columns are. */
const WIDTH_ROWS = 500

/** A head and rows below each other; numbers to the right. A later row that needs more room takes it. */
export function* tableRows(columns: readonly string[], rows: Rows): Generator<string> {
  const first: (readonly string[])[] = []
  const numeric = columns.map(() => true)
  let widths: readonly number[] | undefined
  const decide = () => {
    widths = columns.map((name, column) => Math.max(name.length, ...first.map((cells) => (cells[column] as string).length)))
    return [
      line(columns, widths, numeric),
      `${widths.map((width) => '-'.repeat(width)).join('  ')}\n`,
      ...first.map((cells) => line(cells, widths!, numeric)),
    ]
  }
  for (const row of rows) {
    const cells = row.map(cellText)
    if (widths !== undefined) yield line(cells, widths, numeric)
    else {
      for (const [column, value] of row.entries()) if (typeof value !== 'number' && value !== null) numeric[column] = false
      first.push(cells)
      if (first.length === WIDTH_ROWS) yield* decide()
    }
  }
  if (widths === undefined) yield* decide()
}

function line(cells: readonly string[], widths: readonly number[], numeric: readonly boolean[]): string {
  const padded = cells.map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
  return `${padded.join('  ').trimEnd()}\n`
}

function cellText(value: SqlValue): string {
  return value === null ? 'NULL' : Buffer.isBuffer(value) ? hex(value) : String(value)
}

/** RFC 4180, with line feeds; NULL is an empty field. */
export function* csvRows(columns: readonly string[], rows: Rows): Generator<string> {
  yield `${columns.map(csvField).join()}\n`
  for (const row of rows) yield `${row.map((value) => (value === null ? '' : csvField(cellText(value)))).join()}\n`
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A list of objects, one a line; bytes are hexadecimal, and infinities texts. */
export function* jsonRows(columns: readonly string[], rows: Rows): Generator<string> {
  let before = '['
  for (const row of rows) {
    yield `${before}\n  ${JSON.stringify(Object.fromEntries(columns.map((name, column) => [name, jsonValue(row[column] as SqlValue)])))}`
    before = ','
  }
  yield before === '[' ? '[]\n' : '\n]\n'
}

function jsonValue(value: SqlValue): string | number | null {
  if (Buffer.isBuffer(value)) return hex(value)
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'number' && !Number.isFinite(value) ? cellText(value) : value
}

function hex(bytes: Buffer): string {
  return `x'${bytes.toString('hex')}'`
}
