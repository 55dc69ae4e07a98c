import { isUtf8 } from 'node:buffer'
import { quote } from '@promlet/model'
import { asByteText } from './byte-text.ts'

/** Bytes as Go's `%q` prints them: valid UTF-8 as text, every other byte as `\xNN`. */
export function quoteBytes(bytes: Uint8Array): string {
  let quoted = ''
  let start = 0
  for (let index = 0; index < bytes.length; ) {
    const length = sequenceLength(bytes, index)
    if (length > 0) {
      index += length
      continue
    }
    quoted += quoteValid(bytes, start, index)
    quoted += `\\x${(bytes[index] as number).toString(16).padStart(2, '0')}`
    start = ++index
  }
  return `"${quoted}${quoteValid(bytes, start, bytes.length)}"`
}

function quoteValid(bytes: Uint8Array, start: number, end: number): string {
  return start === end ? '' : quote(utf8Text(bytes, start, end)).slice(1, -1)
}

/** The length of the UTF-8 sequence that starts here, or 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0
  return isUtf8Text(bytes, at, at + length) ? length : 0
}

/** True when the range is well-formed UTF-8. */
export function isUtf8Text(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    if ((bytes[index] as number) >= 0x80) return isUtf8(bytes.subarray(start, end))
  }
  return true
}

/** A range as text; bytes that are no UTF-8 become U+FFFD. */
export function utf8Text(bytes: Uint8Array, start: number, end: number): string {
  return asByteText(bytes).utf8Slice(start, end)
}
