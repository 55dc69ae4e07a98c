import type { Exemplar, Labels } from '@promlet/model'
import { readNumber } from './float-reader.ts'
import { type LineLexer, syntaxError } from './line-lexer.ts'
import type { MetadataEntry } from './parser.ts'
import type { SeriesContext } from './series-parts.ts'

export type LineEntry = 'series' | 'metadata' | 'comment' | 'blank' | 'end'

/** Reads one line of a text format with all its checks. The fields tell of the line that was read last. */
export interface LineReader {
  /** Reads the line that starts at `at`. @throws ExpositionError `syntax` */
  read(bytes: Uint8Array, at: number): LineEntry
  /** Where the next line starts. */
  readonly end: number
  /** Of a series: where its value starts. */
  readonly valueStart: number
  readonly value: number
  /** NaN when there is none. */
  readonly timestampMs: number
  readonly exemplars: readonly Exemplar[]
  readonly series: string
  labels(context: SeriesContext): Labels
  emptyLabels(): readonly string[]
  readonly metadata: MetadataEntry
  readonly comment: string
}

/** Reads a float token; its text starts `skip` bytes behind the token's start. @throws ExpositionError `syntax` */
export function readFloat(lexer: LineLexer, skip: number): number {
  const start = lexer.start + skip
  const value = readNumber(lexer.bytes, start, lexer.at)
  if (typeof value === 'number') return value
  // Go 1.13 brought forms that Prometheus does not take over.
  const isNewForm = /[pP_]/.test(lexer.text(start, lexer.at))
  const reason = isNewForm ? 'unsupported character in float' : `strconv.ParseFloat: parsing ${lexer.quoted(start, lexer.at)}: ${value}`
  throw syntaxError(`${reason} while parsing: ${lexer.quotedLine()}`)
}
