import {
  checkRelabelConfig,
  compileRe2,
  isValidName,
  type NameValidation,
  quote,
  type RelabelAction,
  type RelabelConfig,
  relabelDefaults,
} from '@promlet/model'
import { checked, type Field, list, place, section, type Values } from './schema/field.ts'
import { nearName } from './schema/near-name.ts'
import { shown, text, texts, uint } from './schema/scalar.ts'
import { below, report } from './schema/yaml-file.ts'

const ACTIONS: readonly string[] = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] satisfies readonly RelabelAction[]

const relabelFields = {
  source_labels: checked(texts('model.LabelNames', true), (names) => {
    const wrong = names.find((name) => !isValidName(name))
    return wrong === undefined ? undefined : `${quote(wrong)} is not a valid label name`
  }),
  separator: shown(text(relabelDefaults.separator)),
  regex: regex(),
  modulus: uint(),
  target_label: text(),
  replacement: shown(text(relabelDefaults.replacement)),
  action: action(),
}

/** One relabelling step as it stands in a file. */
export type RelabelValues = Values<typeof relabelFields>

/** A list of relabelling steps; `emptyItem` is what Prometheus says of one without contents. */
export function relabelConfigs(emptyItem: string): Field<readonly RelabelValues[]> {
  return list(section('relabel.plain', relabelFields, checkStep), emptyItem)
}

/** An expression; undefined when the file gives none, which Prometheus prints differently from the default. */
function regex(): Field<string | undefined> {
  const pattern = checked(text(relabelDefaults.regex, 'relabel.Regexp'), refuseRegex)
  return { missing: () => undefined, empty: () => '', read: (at) => pattern.read(at), print: (value) => value }
}

function refuseRegex(pattern: string): string | undefined {
  try {
    compileRe2(pattern)
    return undefined
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, '')
    return `error parsing regexp: ${reason}; expected a regular expression in RE2's syntax`
  }
}

function action(): Field<string> {
  const kind = text(relabelDefaults.action)
  return {
    ...kind,
    read(at) {
      const found = kind.read(at)
      const name = found.toLowerCase()
      if (ACTIONS.includes(name)) return name
      const near = nearName(name, ACTIONS)
      report(
        at,
        `unknown relabel action ${quote(found)}; expected one of ${ACTIONS.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
      )
      return kind.missing(at)
    },
  }
}

function checkStep(values: RelabelValues): void {
  const config = toRelabelConfig(values)
  const takesNoRegex = config.action === 'keepequal' || config.action === 'dropequal'
  // Prometheus refuses also the default expression when it is written out.
  const isWrittenOut = takesNoRegex && values.regex === relabelDefaults.regex
  reportStep(values, checkRelabelConfig(isWrittenOut ? { ...config, regex: '' } : config))
}

/** Checks steps that are fine in UTF-8 against the legacy scheme, where that holds. */
export function checkRelabelNames(steps: readonly RelabelValues[], nameValidation: NameValidation): void {
  if (nameValidation !== 'legacy') return
  for (const values of steps) {
    const config = toRelabelConfig(values)
    if (checkRelabelConfig(config, 'utf8') === undefined) reportStep(values, checkRelabelConfig(config, 'legacy'))
  }
}

function reportStep(values: RelabelValues, message: string | undefined): void {
  if (message === undefined) return
  const field = /'(target_label|replacement)'/.exec(message)?.[1]
  report(field === undefined ? values[place] : below(values[place], field), message)
}

export function toRelabelConfig(values: RelabelValues): RelabelConfig {
  return {
    sourceLabels: values.source_labels,
    separator: values.separator,
    targetLabel: values.target_label,
    regex: values.regex ?? relabelDefaults.regex,
    modulus: values.modulus,
    replacement: values.replacement,
    action: values.action as RelabelAction,
  }
}
