// What a person needs to know beyond Prometheus's words, for messages that say nothing of what could stand in the place.

const ADVICE: readonly (readonly [message: RegExp, hint: string])[] = [
  [/^unclosed left parenthesis/, 'the query ends here; expected ")"'],
  [/^unclosed left bracket/, 'the query ends here; expected "]"'],
  [/^unexpected end of input inside braces/, 'the query ends here; expected "," or "}"'],
  [/^unexpected end of input in duration expression/, 'the query ends here; expected a duration such as 5m, or "]"'],
  [/^unexpected right parenthesis/, 'found ); no parenthesis is open here'],
  [/^unexpected right bracket/, 'found ]; no bracket is open here'],
  [/^unexpected left bracket/, 'found [; a range cannot hold another one'],
  [/^unexpected left brace/, 'found {; matchers cannot hold others'],
  [/^unterminated quoted string/, 'the query ends here; expected the closing quote'],
  [/^unterminated raw string/, 'the query ends here; expected the closing `'],
  [
    /^(?:escape sequence|unknown escape sequence|illegal character)/,
    'in quotes a backslash is written \\\\; between backquotes it is itself',
  ],
  [/^unexpected character after '='/, 'a regular expression is matched by =~ within braces; numbers are compared by =='],
  [/^unexpected character after '!'/, 'expected "=" or "~"'],
  [/^unexpected character inside braces/, 'expected a label name, "=", "!=", "=~", "!~", a value in quotes, "," or "}"'],
  [
    /^unexpected (?:character|colon|repeated colon).*duration|^unexpected character: .* expected ':'/,
    'expected a duration such as 5m, ":" or "]"',
  ],
  [/^unexpected character: /, 'no part of a query begins with it'],
  [/^bad number or duration syntax/, 'a number is written 1.5e3 or 1_000, a duration 1h30m'],
  [/^no expression found/, 'expected a metric name, a function, an aggregation, a number, a string or "("'],
  [/^trailing commas/, 'expected another argument, or no comma'],
  [/^set operator .* not allowed in binary scalar/, 'and, or and unless stand between instant vectors; vector(…) turns a scalar into one'],
  [
    /^(?:vector matching|filling in missing series) only allowed between instant vectors/,
    'one of the two sides is a scalar, which goes with every series',
  ],
  [/^no grouping allowed/, 'and, or and unless take on and ignoring, but no group_left or group_right'],
  [/^metric name must not be set twice/, 'one name, before the braces or in them'],
  [/^ranges only allowed for vector selectors/, 'of anything else a subquery can be taken, such as [5m:1m]'],
  [/^duration must be greater than 0/, 'expected a duration such as 5m'],
]

/** Undefined where the message says it all. */
export function adviceFor(message: string): string | undefined {
  return ADVICE.find(([pattern]) => pattern.test(message))?.[1]
}
