import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  type DurationMs,
  isLegacyLabelName,
  isLegacyMetricName,
  isValidName,
  Labels,
  METRIC_NAME,
  type NameValidation,
  quote,
} from '@promlet/model'
import { ConfigError, type Problem, unreadable } from './problem.ts'
import { list, mapOf, optional, place, section, sound, type Values } from './schema/field.ts'
import { duration, int, text } from './schema/scalar.ts'
import { type At, below, isEmpty, openYaml, type ReadOptions, report } from './schema/yaml-file.ts'

/** One rule file. */
export interface RuleFile {
  /** Absolute path, as matched by the pattern in `rule_files`. */
  readonly path: string
  readonly groups: readonly RuleGroupConfig[]
}

export interface RuleGroupConfig {
  readonly name: string
  /** `evaluation_interval` of the configuration when the group sets none. */
  readonly intervalMs?: DurationMs
  /** Evaluate as of this long ago. */
  readonly queryOffsetMs?: DurationMs
  /** More alerts or series than this from one rule is an error; 0: no limit. */
  readonly limit: number
  /** Added to every rule's labels; the rule's own win. */
  readonly labels: Labels
  readonly rules: readonly RuleConfig[]
  /** Where the group begins. */
  readonly position?: Position
}

export type RuleConfig = RecordingRuleConfig | AlertingRuleConfig

export interface RecordingRuleConfig {
  readonly kind: 'recording'
  readonly record: string
  readonly expr: string
  readonly labels: Labels
  /** Labels that the file gives an empty value: they are taken off the result. */
  readonly removedLabels?: readonly string[]
  readonly position?: RulePosition
}

export interface AlertingRuleConfig {
  readonly kind: 'alerting'
  readonly alert: string
  readonly expr: string
  readonly forMs: DurationMs
  readonly keepFiringForMs: DurationMs
  /** Values may be templates. */
  readonly labels: Labels
  /** Labels that the file gives an empty value: they are taken off the alert. */
  readonly removedLabels?: readonly string[]
  readonly annotations: Labels
  readonly position?: RulePosition
}

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where a rule and its expression begin. */
export interface RulePosition extends Position {
  readonly expr: Position
}

/** What is checked in rule files beyond their shape. Both functions give the text of an error, or undefined. */
export interface RuleOptions extends ReadOptions {
  /** Absent: `utf8`. */
  readonly nameValidation?: NameValidation
  checkExpr?(expr: string): string | undefined
  /** `name` is how the template is called in its errors: `__alert_` and the alert's name. */
  checkTemplate?(template: string, name: string): string | undefined
}

const ruleFields = {
  record: text(),
  alert: text(),
  expr: text(),
  for: duration(),
  keep_firing_for: duration(),
  labels: mapOf(text()),
  annotations: mapOf(text()),
}
type RuleValues = Values<typeof ruleFields>

const groupFields = {
  name: text(),
  interval: duration(),
  query_offset: optional(duration()),
  limit: int(),
  rules: list(section('rulefmt.Rule', ruleFields)),
  labels: mapOf(text()),
}
type GroupValues = Values<typeof groupFields>

const fileSection = section('rulefmt.RuleGroups', { groups: list(section('rulefmt.RuleGroup', groupFields)) })

/**
 * Reads a rule file as `promtool check rules` does.
 * @throws ConfigError with all that is wrong.
 */
export async function loadRuleFile(path: string, options: RuleOptions = {}): Promise<RuleFile> {
  const read = await readRuleFile(path, options)
  if (read.problems.length > 0) throw new ConfigError(read.problems)
  return read.file
}

/** The same for a text; `file` is the path to name. @throws ConfigError with all that is wrong. */
export function parseRuleFile(contents: string, { file, ...options }: RuleOptions & { readonly file: string }): RuleFile {
  const read = readRules(contents, file, options)
  if (read.problems.length > 0) throw new ConfigError(read.problems)
  return read.file
}

export interface ReadRules {
  readonly file: RuleFile
  readonly problems: readonly Problem[]
}

/** Reads a rule file without throwing. */
export async function readRuleFile(path: string, options: RuleOptions): Promise<ReadRules> {
  try {
    return readRules(await readFile(path, 'utf8'), path, options)
  } catch (error) {
    return { file: { path: resolve(path), groups: [] }, problems: [unreadable(path, error)] }
  }
}

function readRules(contents: string, path: string, options: RuleOptions): ReadRules {
  const root = openYaml(contents, path, options)
  const { problems } = root.file
  const groups = problems.length > 0 ? [] : readGroups(root, options)
  return { file: { path: resolve(path), groups: groups.map(toRuleGroup) }, problems }
}

function readGroups(root: At, options: RuleOptions): readonly GroupValues[] {
  const { groups } = isEmpty(root) ? fileSection.missing(root) : fileSection.read(root)
  checkGroupNames(groups)
  for (const group of groups) {
    checkLabels(group, group.labels, options, (message) => message)
    group.rules.forEach((rule, index) => {
      const which = `group ${quote(group.name)}, rule ${index + 1}, ${quote(rule.alert || rule.record)}`
      if (rule[sound]) checkRule(rule, which, options)
    })
  }
  return groups
}

function checkGroupNames(groups: readonly GroupValues[]): void {
  const seen = new Set<string>()
  for (const { name, [place]: at } of groups) {
    if (name === '') report(at, 'Groupname must not be empty')
    else if (seen.has(name)) report(below(at, 'name'), `groupname: "${name}" is repeated in the same file`)
    seen.add(name)
  }
}

function checkRule(rule: RuleValues, which: string, options: RuleOptions): void {
  const fail = (field: string, message: string) => report(below(rule[place], field), `${which}: ${message}`)
  if (rule.record !== '' && rule.alert !== '') fail('alert', "only one of 'record' and 'alert' must be set")
  if (rule.record === '' && rule.alert === '') report(rule[place], `${which}: one of 'record' or 'alert' must be set`)
  if (rule.expr === '') fail('expr', "field 'expr' must be set in rule")
  const wrongExpr = rule.expr === '' ? undefined : options.checkExpr?.(rule.expr)
  if (wrongExpr !== undefined) fail('expr', `could not parse expression: ${wrongExpr}`)
  if (rule.record !== '') checkRecord(rule, fail, options)
  checkLabels(rule, rule.labels, options, (message) => `${which}: ${message}`)
  for (const name of Object.keys(rule.annotations)) {
    if (!isLabelName(name, options)) report(below(rule[place], 'annotations', name), `${which}: invalid annotation name: ${name}`)
  }
  if (rule.alert !== '') checkTemplates(rule, which, options)
}

function checkRecord(rule: RuleValues, fail: (field: string, message: string) => void, options: RuleOptions): void {
  if (Object.keys(rule.annotations).length > 0) fail('annotations', "invalid field 'annotations' in recording rule")
  if (rule.for !== 0) fail('for', "invalid field 'for' in recording rule")
  if (rule.keep_firing_for !== 0) fail('keep_firing_for', "invalid field 'keep_firing_for' in recording rule")
  const isName = options.nameValidation === 'legacy' ? isLegacyMetricName : isValidName
  if (!isName(rule.record)) fail('record', `invalid recording rule name: ${rule.record}`)
  // A valid name since names are UTF-8, but a selector is what was meant.
  if (/[{}]/.test(rule.record)) fail('record', `braces present in the recording rule name; should it be in expr?: ${rule.record}`)
}

function checkLabels(
  holder: { readonly [place]: At },
  labels: Readonly<Record<string, string>>,
  options: RuleOptions,
  words: (message: string) => string,
): void {
  for (const [name, value] of Object.entries(labels)) {
    const at = () => below(holder[place], 'labels', name)
    if (!isLabelName(name, options) || name === METRIC_NAME) report(at(), words(`invalid label name: ${name}`))
    if (!value.isWellFormed()) report(at(), words(`invalid label value: ${value.toWellFormed()}`))
  }
}

function isLabelName(name: string, { nameValidation }: RuleOptions): boolean {
  return nameValidation === 'legacy' ? isLegacyLabelName(name) : isValidName(name)
}

function checkTemplates(rule: RuleValues, which: string, { checkTemplate }: RuleOptions): void {
  if (checkTemplate === undefined) return
  for (const [field, what] of [
    ['labels', 'label'],
    ['annotations', 'annotation'],
  ] as const) {
    for (const [name, template] of Object.entries(rule[field])) {
      const wrong = checkTemplate(template, `__alert_${rule.alert}`)
      if (wrong !== undefined) report(below(rule[place], field, name), `${which}: ${what} ${quote(name)}: ${wrong}`)
    }
  }
}

function toRuleGroup(values: GroupValues): RuleGroupConfig {
  return {
    name: values.name,
    ...(values.interval > 0 && { intervalMs: values.interval }),
    ...(values.query_offset !== undefined && { queryOffsetMs: values.query_offset }),
    limit: values.limit,
    labels: Labels.of(values.labels),
    rules: values.rules.map(toRule),
    position: positionOf(values[place]),
  }
}

function toRule(values: RuleValues): RuleConfig {
  const at = values[place]
  const removed = Object.keys(values.labels).filter((name) => values.labels[name] === '')
  const shared = {
    expr: values.expr,
    labels: Labels.of(values.labels),
    ...(removed.length > 0 && { removedLabels: removed }),
    position: { ...positionOf(at), expr: positionOf(below(at, 'expr')) },
  }
  if (values.alert === '') return { kind: 'recording', record: values.record, ...shared }
  return {
    kind: 'alerting',
    alert: values.alert,
    forMs: values.for,
    keepFiringForMs: values.keep_firing_for,
    annotations: Labels.of(values.annotations),
    ...shared,
  }
}

function positionOf({ file, node }: At): Position {
  return node === null ? { line: 1, column: 1 } : file.position(node)
}
