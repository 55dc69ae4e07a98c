import { isLegacyLabelName, isValidName, quote } from './labels.ts'
import { type NameValidation, type RelabelAction, type RelabelConfig, relabelDefaults } from './relabel.ts'

const NEEDS_TARGET: ReadonlySet<RelabelAction> = new Set(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'])
const REFUSES_REPLACEMENT: ReadonlySet<RelabelAction> = new Set(['lowercase', 'uppercase', 'keepequal', 'dropequal'])
/** A legacy name in which `$1` or `${name}` may stand for any part. */
const LEGACY_TEMPLATE = /^(?:[a-zA-Z_]|\$(?:\{\w+\}|\w))(?:\w|\$(?:\{\w+\}|\w))*$/

/**
 * What is wrong with a relabelling step, in Prometheus's words, or undefined. The regular expression is not looked
 * at: `compileRelabel` does that.
 */
export function checkRelabelConfig(config: RelabelConfig, nameValidation: NameValidation = 'utf8'): string | undefined {
  const { action, targetLabel } = config
  if ((action as string) === '') return 'relabel action cannot be empty'
  if (action === 'hashmod' && config.modulus === 0) return 'relabel configuration for hashmod requires non-zero modulus'
  if (NEEDS_TARGET.has(action)) {
    if (targetLabel === '') return `relabel configuration for ${action} action requires 'target_label' value`
    const isName = action === 'replace' && targetLabel.includes('$') ? isNameTemplate : isLabelName
    if (!isName(targetLabel, nameValidation)) return `${quote(targetLabel)} is invalid 'target_label' for ${action} action`
  }
  if (REFUSES_REPLACEMENT.has(action) && config.replacement !== relabelDefaults.replacement) {
    return `'replacement' can not be set for ${action} action`
  }
  if (action === 'labelmap' && !isNameTemplate(config.replacement, nameValidation)) {
    return `${quote(config.replacement)} is invalid 'replacement' for ${action} action`
  }
  return checkUnusedFields(config)
}

/** True when a `target_label` with references can become a label name. */
export function isNameTemplate(text: string, nameValidation: NameValidation): boolean {
  return nameValidation === 'legacy' ? LEGACY_TEMPLATE.test(text) : isValidName(text)
}

function isLabelName(name: string, nameValidation: NameValidation): boolean {
  return nameValidation === 'legacy' ? isLegacyLabelName(name) : isValidName(name)
}

function checkUnusedFields(config: RelabelConfig): string | undefined {
  const { action } = config
  const isSet = (...fields: readonly (keyof RelabelConfig)[]) => fields.some((field) => config[field] !== relabelDefaults[field])
  if (action === 'keepequal' || action === 'dropequal') {
    if (isSet('regex', 'modulus', 'separator', 'replacement')) {
      return `${action} action requires only 'source_labels' and \`target_label\`, and no other fields`
    }
  }
  if (action === 'labeldrop' || action === 'labelkeep') {
    if (config.sourceLabels.length > 0 || isSet('targetLabel', 'modulus', 'separator', 'replacement')) {
      return `${action} action requires only 'regex', and no other fields`
    }
  }
  return undefined
}
