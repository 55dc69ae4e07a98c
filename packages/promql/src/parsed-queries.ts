// Rules and dashboards ask the same queries again and again. A tree is never changed, so it can be used again.

import type { Expr } from './syntax/ast.ts'
import type { Features } from './syntax/features.ts'
import { parseExpr } from './syntax/parse.ts'

const QUERIES_KEPT_MAX = 1_000
/** A longer query is parsed each time. */
const TEXT_KEPT_MAX = 4_096

export class ParsedQueries {
  readonly #features: Features
  /** The newest last. */
  readonly #known = new Map<string, Expr>()

  constructor(features: Features) {
    this.#features = features
  }

  /** @throws QueryError `bad_data` for a text that is no query. */
  parse(text: string): Expr {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const expr = parseExpr(text, { features: this.#features })
    if (text.length > TEXT_KEPT_MAX) return expr
    if (this.#known.size >= QUERIES_KEPT_MAX) this.#forgetOldest()
    this.#known.set(text, expr)
    return expr
  }

  #forgetOldest(): void {
    for (const text of this.#known.keys()) {
      this.#known.delete(text)
      return
    }
  }
}
