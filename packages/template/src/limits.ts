/** Bounds against templates that run away. */
export interface Limits {
  /** Of the text that is produced, in UTF-16 units. */
  readonly outputMax: number
  /** Statements executed, over all templates and iterations. */
  readonly statementsMax: number
  /** Templates inside templates. */
  readonly depthMax: number
}

export const defaultLimits: Limits = { outputMax: 4_000_000, statementsMax: 1_000_000, depthMax: 500 }
