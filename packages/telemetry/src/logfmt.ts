// logfmt as Go's log/slog writes it, which is what Prometheus 3 logs:
//   time=2026-05-01T08:00:00.000Z level=WARN component=scraper msg="scrape failed" job=node err="connection refused"

const LEADING = ['time', 'level', 'component', 'msg']
/** Errors that only a mistake in the program raises; for these the reader needs the stack. */
const MISTAKES = new Set(['AssertionError', 'ReferenceError', 'SyntaxError', 'TypeError'])

/** Turns one line of pino's JSON into one line of logfmt; both end with a line break. */
export function formatLogfmt(json: string): string {
  const fields = JSON.parse(json) as Record<string, unknown>
  let line = ''
  for (const key of LEADING) if (fields[key] !== undefined) line += pair(key, fields[key])
  for (const [key, value] of Object.entries(fields)) if (!LEADING.includes(key)) line += pair(key, value)
  return `${line.trimEnd()}\n`
}

/** A nested object becomes `outer.inner=…`, as slog's groups do. */
function pair(key: string, value: unknown): string {
  if (isError(value)) {
    const stack = MISTAKES.has(value.type) ? `${quoteIfNeeded(`${key}.stack`)}=${quoteIfNeeded(value.stack)} ` : ''
    return `${quoteIfNeeded(key)}=${quoteIfNeeded(value.message)} ${stack}`
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value)
      .map(([inner, item]) => pair(`${key}.${inner}`, item))
      .join('')
  }
  return `${quoteIfNeeded(key)}=${quoteIfNeeded(typeof value === 'string' ? value : JSON.stringify(value))} `
}

interface SerializedError {
  readonly type: string
  readonly message: string
  readonly stack: string
}

/** True for what pino makes of an `Error` in the field `err`. */
function isError(value: unknown): value is SerializedError {
  return typeof value === 'object' && value !== null && 'type' in value && 'message' in value && 'stack' in value
}

/** slog quotes what is empty, or has a space, a quote, an equals sign or a character that does not print. */
const PLAIN = /^[^\s"=\p{C}\p{Z}]+$/u

function quoteIfNeeded(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text)
}
