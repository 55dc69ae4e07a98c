import type { ExpositionFormat } from './content-type.ts'
import { ExpositionError } from './error.ts'
import type { ExpositionParser, ParserOptions } from './parser.ts'
import { TextParser } from './text.ts'

/** The parser of a format. @throws ExpositionError `content-type` for a format that cannot be read yet. */
export function createParser(format: ExpositionFormat, options: ParserOptions = {}): ExpositionParser {
  if (format === 'text/plain') return new TextParser(options)
  throw new ExpositionError('content-type', `${format} is not supported by Promlet yet: let the target answer text/plain`)
}

/** What a scrape asks for in its Accept header: the formats that `createParser` knows, the best first. */
export const SCRAPE_ACCEPT = 'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
