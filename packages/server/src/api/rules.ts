import { createHash } from 'node:crypto'
import { formOf } from '@promlet/http'
import { type Matcher, type Millis, matchesAll } from '@promlet/model'
import type { AlertStatus, RuleGroupStatus, RuleStatus } from '@promlet/rule-engine'
import { ApiError, type Handler } from './answer.ts'
import { invalid, readSelector } from './params.ts'

/** `/api/v1/rules` */
export function rulesHandler(groups: () => readonly RuleGroupStatus[]): Handler {
  return (request) => {
    const params = formOf(request)
    const keep = readFilter(params)
    const withAlerts = params.get('exclude_alerts')?.toLowerCase() !== 'true'
    const kept = groups()
      .filter(inNames('file[]', (group) => group.file))
      .filter(inNames('rule_group[]', (group) => group.name))
    const { page, next } = readPage(params, kept)
    const answers = page.map((group) => ({ group, rules: group.rules.filter(keep) }))
    // A filter on rules leaves no empty groups; Prometheus keeps them when only the type was asked for.
    const shown = params.has('rule_name[]') || params.has('match[]') ? answers.filter(({ rules }) => rules.length > 0) : answers
    const data = {
      groups: shown.map(({ group, rules }) => groupJson(group, rules, withAlerts)),
      ...(next === undefined ? {} : { groupNextToken: next }),
    }
    return { data: JSON.stringify(data) }

    function inNames(name: string, of: (group: RuleGroupStatus) => string): (group: RuleGroupStatus) => boolean {
      const names = params.getAll(name)
      return (group) => names.length === 0 || names.includes(of(group))
    }
  }
}

/** `/api/v1/alerts` */
export function alertsHandler(groups: () => readonly RuleGroupStatus[]): Handler {
  return () => {
    const rules = groups().flatMap((group) => group.rules)
    return { data: JSON.stringify({ alerts: rules.flatMap((rule) => (rule.kind === 'alerting' ? rule.alerts.map(alertJson) : [])) }) }
  }
}

function readFilter(params: URLSearchParams): (rule: RuleStatus) => boolean {
  const type = params.get('type')?.toLowerCase() ?? ''
  if (type !== '' && type !== 'alert' && type !== 'record') throw invalid('type', `not supported value ${JSON.stringify(type)}`)
  const names = params.getAll('rule_name[]')
  const matcherSets: readonly (readonly Matcher[])[] = params.getAll('match[]').map((text) => readSelector(text, 'match[]'))
  return (rule) => {
    if (type !== '' && (rule.kind === 'alerting') !== (type === 'alert')) return false
    if (names.length > 0 && !names.includes(rule.name)) return false
    return matcherSets.length === 0 || matcherSets.some((matchers) => matchesAll(matchers, rule.labels))
  }
}

/** `group_limit` groups from the one that `group_next_token` names. */
function readPage(
  params: URLSearchParams,
  groups: readonly RuleGroupStatus[],
): { page: readonly RuleGroupStatus[]; next: string | undefined } {
  const limitText = params.get('group_limit') ?? ''
  const token = params.get('group_next_token') ?? ''
  if (limitText === '') {
    if (token !== '') throw invalid('group_limit', 'group_limit needs to be present in order to paginate over the groups')
    return { page: groups, next: undefined }
  }
  const limit = Number(limitText)
  if (!Number.isSafeInteger(limit) || limit <= 0) throw invalid('group_limit', 'group_limit needs to be greater than 0')
  const start = token === '' ? 0 : groups.findIndex((group) => groupToken(group) === token)
  if (start < 0) throw new ApiError('bad_data', `invalid group_next_token '${token}'. were rule groups changed?`)
  const after = groups[start + limit]
  return { page: groups.slice(start, start + limit), next: after === undefined ? undefined : groupToken(after) }
}

function groupToken({ file, name }: RuleGroupStatus): string {
  return createHash('sha1').update(`${file};${name}`).digest('hex')
}

function groupJson(group: RuleGroupStatus, rules: readonly RuleStatus[], withAlerts: boolean) {
  return {
    name: group.name,
    file: group.file,
    rules: rules.map((rule) => ruleJson(rule, withAlerts)),
    interval: group.intervalMs / 1000,
    limit: group.limit,
    evaluationTime: group.evaluationTimeMs / 1000,
    lastEvaluation: timeText(group.lastEvaluation),
  }
}

function ruleJson(rule: RuleStatus, withAlerts: boolean) {
  const { name, query, labels } = rule
  const outcome = {
    health: rule.health,
    ...(rule.lastError === undefined ? {} : { lastError: rule.lastError }),
    evaluationTime: rule.evaluationTimeMs / 1000,
    lastEvaluation: timeText(rule.lastEvaluation),
  }
  if (rule.kind === 'recording') return { name, query, ...(labels.size === 0 ? {} : { labels }), ...outcome, type: 'recording' }
  return {
    state: rule.state,
    name,
    query,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    labels,
    annotations: rule.annotations,
    alerts: withAlerts ? rule.alerts.map(alertJson) : [],
    ...outcome,
    type: 'alerting',
  }
}

function alertJson({ labels, annotations, state, activeAt, keepFiringSince, value }: AlertStatus) {
  const kept = keepFiringSince === undefined ? {} : { keepFiringSince: timeText(keepFiringSince) }
  return { labels, annotations, state, activeAt: timeText(activeAt), ...kept, value: exponentText(value) }
}

/** RFC 3339; Go's zero time for what never was. */
export function timeText(at: Millis | undefined): string {
  return at === undefined ? '0001-01-01T00:00:00Z' : new Date(at).toISOString()
}

/** The shortest exponent form, as Go's 'e' format has it: 1 is `1e+00`. */
function exponentText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}
