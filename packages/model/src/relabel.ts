// Relabelling rewrites or drops a label set step by step. Prometheus: model/relabel/relabel.go. Patterns are compiled
// once; the expression engine is only asked where a group of a real pattern is needed.

import { isLegacyLabelName, isValidName, Labels } from './labels.ts'
import { toLowerGo, toUpperGo } from './letter-case.ts'
import { md5 } from './md5.ts'
import { compileAnchored } from './regex.ts'
import { compileGroups } from './regex-groups.ts'
import { expand, parseTemplate } from './regex-template.ts'

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

/** What holds for the fields that a step does not set. */
export const relabelDefaults: RelabelConfig = {
  sourceLabels: [],
  separator: ';',
  targetLabel: '',
  regex: '(.*)',
  modulus: 0,
  replacement: '$1',
  action: 'replace',
}

/** Which texts are names: every text of whole characters, or only letters, digits and underscores. */
export type NameValidation = 'utf8' | 'legacy'

/** Relabelling steps, compiled once and run over many label sets: the result, or undefined when the set is dropped. */
export type Relabel = (labels: Labels) => Labels | undefined

/**
 * Compiles steps that run in the order given. A label whose value becomes empty is removed; a `replace` whose
 * target is no valid name does nothing.
 * @throws RangeError for a regular expression that is not valid.
 */
export function compileRelabel(configs: readonly RelabelConfig[], options: { readonly nameValidation?: NameValidation } = {}): Relabel {
  const isName = options.nameValidation === 'legacy' ? isLegacyLabelName : isValidName
  const steps = configs.map((config) => compileStep(config, isName))
  return (labels) => {
    const draft: Draft = { labels, edits: undefined }
    for (const step of steps) if (!step(draft)) return undefined
    return draft.edits === undefined ? labels : Labels.fromPairs(draft.edits)
  }
}

/** A label set under relabelling; copied into `edits` by the first change. */
interface Draft {
  readonly labels: Labels
  edits: Map<string, string> | undefined
}

/** Changes the draft; false drops the set. */
type Step = (draft: Draft) => boolean

function compileStep(config: RelabelConfig, isName: (name: string) => boolean): Step {
  const source = sourceOf(config)
  const { targetLabel } = config
  switch (config.action) {
    case 'keep':
    case 'drop': {
      const regex = compileAnchored(config.regex)
      const keepsMatch = config.action === 'keep'
      return (draft) => regex.test(source(draft)) === keepsMatch
    }
    case 'keepequal':
      return (draft) => get(draft, targetLabel) === source(draft)
    case 'dropequal':
      return (draft) => get(draft, targetLabel) !== source(draft)
    case 'replace':
      return replaceStep(config, source, isName)
    case 'lowercase':
      return (draft) => set(draft, targetLabel, toLowerGo(source(draft)))
    case 'uppercase':
      return (draft) => set(draft, targetLabel, toUpperGo(source(draft)))
    case 'hashmod':
      return (draft) => set(draft, targetLabel, hashModulo(source(draft), config.modulus))
    case 'labelmap':
      return labelMapStep(config)
    case 'labeldrop':
    case 'labelkeep':
      return labelFilterStep(config)
  }
}

function sourceOf({ sourceLabels, separator }: RelabelConfig): (draft: Draft) => string {
  const [only] = sourceLabels
  if (only === undefined) return () => ''
  if (sourceLabels.length === 1) return (draft) => get(draft, only)
  return (draft) => sourceLabels.map((name) => get(draft, name)).join(separator)
}

function replaceStep(config: RelabelConfig, source: (draft: Draft) => string, isName: (name: string) => boolean): Step {
  const groups = compileGroups(config.regex)
  const target = parseTemplate(config.targetLabel, groups.names)
  const replacement = parseTemplate(config.replacement, groups.names)
  const match = groups.matcher(target, replacement)
  return (draft) => {
    const found = match(source(draft))
    if (found === undefined) return true
    const name = expand(target, found)
    return isName(name) ? set(draft, name, expand(replacement, found)) : true
  }
}

function labelMapStep(config: RelabelConfig): Step {
  const groups = compileGroups(config.regex)
  const replacement = parseTemplate(config.replacement, groups.names)
  const match = groups.matcher(replacement)
  return (draft) => {
    // Over a copy: labels that this step adds are not mapped again.
    for (const [name, value] of [...pairs(draft)]) {
      const found = match(name)
      if (found !== undefined) set(draft, expand(replacement, found), value)
    }
    return true
  }
}

function labelFilterStep(config: RelabelConfig): Step {
  const regex = compileAnchored(config.regex)
  const keepsMatch = config.action === 'labelkeep'
  return (draft) => {
    for (const [name] of [...pairs(draft)]) if (regex.test(name) !== keepsMatch) set(draft, name, '')
    return true
  }
}

/** Prometheus takes the last 8 bytes of the MD5 sum, big-endian. */
function hashModulo(text: string, modulus: number): string {
  const sum = new DataView(md5(new TextEncoder().encode(text)).buffer)
  return String(sum.getBigUint64(8) % BigInt(modulus))
}

function get({ labels, edits }: Draft, name: string): string {
  return edits === undefined ? labels.get(name) : (edits.get(name) ?? '')
}

function set(draft: Draft, name: string, value: string): true {
  if (get(draft, name) === value) return true
  draft.edits ??= new Map(draft.labels)
  if (value === '') draft.edits.delete(name)
  else draft.edits.set(name, value)
  return true
}

function pairs({ labels, edits }: Draft): Iterable<[name: string, value: string]> {
  return edits ?? labels
}
