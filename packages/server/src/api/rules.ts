import { createHash } from 'node:crypto'
import { formOf } from '@promlet/http'
import { matchesAll, quote } from '@promlet/model'
import type { RuleGroupStatus, RuleStatus } from '@promlet/rule-engine'
import type { Handler } from './answer.ts'
import { invalid, parseWhole, readMatcherSets, readSwitch } from './params.ts'
import { alertJson, groupJson } from './rule-json.ts'

type Keep<T> = (item: T) => boolean

interface Paging {
  readonly limit: number
  /** Names the first group of the page; empty for the first page. */
  readonly token: string
}

/** `/api/v1/rules`: groups in which the filters leave no rule are left out. */
export function rulesHandler(groups: () => readonly RuleGroupStatus[]): Handler {
  return (request) => {
    const params = formOf(request)
    const keepRule = readRuleFilter(params)
    const keepGroup = readGroupFilter(params)
    const withoutAlerts = readSwitch('exclude_alerts', lowerCased(params, 'exclude_alerts'), 'error converting exclude_alerts')
    const paging = readPaging(params)
    const following = fromToken(groups(), paging)
    const shown = following
      .filter(keepGroup)
      .map((group) => ({ group, rules: group.rules.filter(keepRule) }))
      .filter(({ rules }) => rules.length > 0)
    const next = paging === undefined ? undefined : shown[paging.limit]?.group
    const data = {
      groups: shown.slice(0, paging?.limit).map(({ group, rules }) => groupJson(group, rules, !withoutAlerts)),
      ...(next === undefined ? {} : { groupNextToken: groupToken(next) }),
    }
    return { data: JSON.stringify(data) }
  }
}

/** `/api/v1/alerts` */
export function alertsHandler(groups: () => readonly RuleGroupStatus[]): Handler {
  return () => {
    const rules = groups().flatMap((group) => group.rules)
    return { data: JSON.stringify({ alerts: rules.flatMap((rule) => (rule.kind === 'alerting' ? rule.alerts.map(alertJson) : [])) }) }
  }
}

function readRuleFilter(params: URLSearchParams): Keep<RuleStatus> {
  const type = lowerCased(params, 'type')
  if (type !== '' && type !== 'alert' && type !== 'record') throw invalid('type', `not supported value ${quote(type)}`)
  const names = params.getAll('rule_name[]')
  const matcherSets = readMatcherSets(params)
  return (rule) => {
    if (type !== '' && (rule.kind === 'alerting') !== (type === 'alert')) return false
    if (names.length > 0 && !names.includes(rule.name)) return false
    return matcherSets.length === 0 || matcherSets.some((matchers) => matchesAll(matchers, rule.labels))
  }
}

function readGroupFilter(params: URLSearchParams): Keep<RuleGroupStatus> {
  const names = params.getAll('rule_group[]')
  const files = params.getAll('file[]')
  return ({ name, file }) => (names.length === 0 || names.includes(name)) && (files.length === 0 || files.includes(file))
}

function lowerCased(params: URLSearchParams, name: string): string {
  return (params.get(name) ?? '').toLowerCase()
}

function readPaging(params: URLSearchParams): Paging | undefined {
  const limitText = params.get('group_limit') ?? ''
  const token = params.get('group_next_token') ?? ''
  if (limitText === '') {
    if (token === '') return undefined
    throw invalid('group_next_token', 'group_limit needs to be present in order to paginate over the groups')
  }
  const limit = parseWhole(limitText)
  if (limit === undefined) {
    const reason = `strconv.ParseInt: parsing ${quote(limitText)}: invalid syntax`
    throw invalid('group_limit', `group_limit needs to be a valid number: ${reason}`)
  }
  if (limit <= 0) throw invalid('group_limit', 'group_limit needs to be greater than 0')
  return { limit, token }
}

/** The groups from the one that the page begins with. */
function fromToken(groups: readonly RuleGroupStatus[], paging: Paging | undefined): readonly RuleGroupStatus[] {
  if (paging === undefined || paging.token === '') return groups
  const start = groups.findIndex((group) => groupToken(group) === paging.token)
  if (start < 0) throw invalid('group_next_token', `invalid group_next_token '${paging.token}'. were rule groups changed?`)
  return groups.slice(start)
}

function groupToken({ file, name }: RuleGroupStatus): string {
  return createHash('sha1').update(`${file};${name}`).digest('hex')
}
