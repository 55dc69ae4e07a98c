// Relabelling against Prometheus's own cases: relabel/ of the conformance data.

import {
  checkRelabelConfig,
  compileRelabel,
  isNameTemplate,
  Labels,
  type NameValidation,
  type RelabelConfig,
  relabelDefaults,
} from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { conformanceJson, hasConformance } from './data.ts'

interface RelabelYaml {
  readonly source_labels?: readonly string[]
  readonly separator?: string
  readonly target_label?: string
  readonly regex?: string | null
  readonly modulus?: number
  readonly replacement?: string
  readonly action?: RelabelConfig['action']
}

interface Case {
  readonly id: number
  readonly input: Record<string, string>
  readonly relabel_configs: readonly RelabelYaml[]
  readonly output: Record<string, string> | null
}

function read(yaml: RelabelYaml): RelabelConfig {
  return {
    sourceLabels: yaml.source_labels ?? relabelDefaults.sourceLabels,
    separator: yaml.separator ?? relabelDefaults.separator,
    targetLabel: yaml.target_label ?? relabelDefaults.targetLabel,
    regex: yaml.regex === null ? '' : (yaml.regex ?? relabelDefaults.regex),
    modulus: yaml.modulus ?? relabelDefaults.modulus,
    replacement: yaml.replacement ?? relabelDefaults.replacement,
    action: yaml.action ?? relabelDefaults.action,
  }
}

describe.skipIf(!hasConformance)('relabelling as Prometheus does it', () => {
  for (const { id, input, relabel_configs, output } of load<Case>('cases')) {
    test(`case ${id}: ${relabel_configs.map((config) => config.action).join(', ')}`, () => {
      const relabel = compileRelabel(relabel_configs.map(read))
      expect(relabel(Labels.of(input))?.toJSON() ?? null).toEqual(output)
    })
  }
})

interface Validation {
  readonly id: number
  readonly config: RelabelYaml
  readonly name_validation: NameValidation
  readonly error_contains: string | null
}

describe.skipIf(!hasConformance)('relabel configs that Prometheus refuses', () => {
  for (const { id, config, name_validation, error_contains } of load<Validation>('validate')) {
    test(`case ${id}: ${error_contains ?? 'fine'}`, () => {
      // Without an action the upstream case means the empty one, which no YAML can give.
      const action = config.action ?? ('' as RelabelConfig['action'])
      const found = checkRelabelConfig({ ...read(config), action }, name_validation)
      if (error_contains === null) expect(found).toBeUndefined()
      else expect(found).toContain(error_contains)
    })
  }
  for (const { target_label, valid } of load<{ target_label: string; valid: boolean }>('target_label_legacy')) {
    test(`the legacy scheme ${valid ? 'takes' : 'refuses'} ${target_label} as a target`, () => {
      expect(isNameTemplate(target_label, 'legacy')).toBe(valid)
    })
  }
})

interface RealLife {
  readonly name: string
  readonly relabel_configs_yaml: string
  readonly input: Record<string, string>
}

describe.skipIf(!hasConformance)('larger relabel configs from the field', () => {
  for (const { name, relabel_configs_yaml, input } of load<RealLife>('real_life_inputs')) {
    test(`${name}: runs, gives the same twice, and keeps to valid names`, () => {
      const configs = (parse(relabel_configs_yaml) as RelabelYaml[]).map(read)
      for (const config of configs) expect(checkRelabelConfig(config)).toBeUndefined()
      const relabel = compileRelabel(configs)
      const once = relabel(Labels.of(input))
      expect(relabel(Labels.of(input))).toEqual(once)
      for (const label of once?.names ?? []) expect(label).not.toBe('')
    })
  }
})

function load<T>(file: string): readonly T[] {
  return hasConformance ? conformanceJson<readonly T[]>(`relabel/${file}.json`) : []
}
