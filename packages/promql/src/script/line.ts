import { QueryError } from '@promlet/model'

/** A line of a script with its number. */
export interface ScriptLine {
  readonly number: number
  readonly text: string
}

/** Runs `read`, naming the line in its error. */
export function atLine<Result>(line: ScriptLine, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (error instanceof QueryError || error instanceof RangeError) return fail(line, error.message, error)
    throw error
  }
}

/** @throws `QueryError`, always. */
export function fail(line: ScriptLine, message: string, cause?: unknown): never {
  throw new QueryError('bad_data', `line ${line.number}: ${message}`, cause === undefined ? {} : { cause })
}
