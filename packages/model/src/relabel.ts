import type { Labels } from './labels.ts'

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase'

/** One relabelling step with its defaults filled in. */
export interface RelabelConfig {
  readonly sourceLabels: readonly string[]
  readonly separator: string
  readonly targetLabel: string
  readonly regex: string
  readonly modulus: number
  readonly replacement: string
  readonly action: RelabelAction
}

/** Relabelling steps, compiled once and run over many label sets: the result, or undefined when the set is dropped. */
export type Relabel = (labels: Labels) => Labels | undefined
