// The Sample message: 1 value (double), 2 timestamp (ms).

import type { Millis } from '@promlet/model'
import { varintLength, type WireWriter } from './wire-writer.ts'

/** How many bytes the message takes. */
export function sampleLength(at: Millis): number {
  return 9 + 1 + (at < 0 ? 10 : varintLength(at))
}

/** Writes the message without its length; the value keeps its bits. */
export function writeSample(writer: WireWriter, values: Float64Array, index: number, at: Millis): void {
  writer.byte(0x09)
  writer.doubleAt(values, index)
  writer.byte(0x10)
  writer.int64(at)
}
