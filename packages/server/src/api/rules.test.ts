import { describe, expect, test } from 'vitest'
import { type Lab, startLab } from '../../test/lab.ts'

const rules = {
  'b.yml': `
groups:
  - name: shop
    rules:
      - {record: 'job:up:sum', expr: sum by (job) (up), labels: {team: shop}}
      - {alert: ShopDown, expr: 'up == 0', labels: {severity: page, team: shop}}
  - name: empty
    rules: []
`,
  'a.yml': `
groups:
  - name: node
    rules: [{alert: Always, expr: vector(1), annotations: {summary: 'value {{ $value }}'}}]
  - name: cache
    rules: [{record: 'job:hits:sum', expr: 'sum(hits_total)'}]
`,
}

interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly { readonly name: string; readonly alerts?: object[] }[] }[]
  readonly groupNextToken?: string
}

async function ask(lab: Lab, query: string): Promise<Rules> {
  return (await lab.data(`/api/v1/rules${query}`)) as Rules
}

function names({ groups }: Rules): readonly string[] {
  return groups.flatMap((group) => group.rules.map((rule) => `${group.name}/${rule.name}`))
}

describe('rules', () => {
  test('come in order of file and group, without groups that have none', async () => {
    await using lab = await startLab({ rules })
    expect(names(await ask(lab, ''))).toEqual(['cache/job:hits:sum', 'node/Always', 'shop/job:up:sum', 'shop/ShopDown'])
  })

  test('can be chosen by type, name, group, file and labels', async () => {
    await using lab = await startLab({ rules })
    const chosen = async (query: string) => names(await ask(lab, query))
    expect(await chosen('?type=ALERT')).toEqual(['node/Always', 'shop/ShopDown'])
    expect(await chosen('?rule_name[]=Always&rule_name[]=job:hits:sum')).toEqual(['cache/job:hits:sum', 'node/Always'])
    expect(await chosen('?rule_group[]=shop&type=record')).toEqual(['shop/job:up:sum'])
    expect(await chosen('?file[]=/etc/b.yml')).toEqual(['shop/job:up:sum', 'shop/ShopDown'])
    expect(await chosen('?match[]={severity="page"}&match[]={team="none"}')).toEqual(['shop/ShopDown'])
  })

  test('come page by page, the next page by the token of the one before', async () => {
    await using lab = await startLab({ rules })
    const first = await ask(lab, '?group_limit=2')
    expect(names(first)).toEqual(['cache/job:hits:sum', 'node/Always'])
    expect(first.groupNextToken).toMatch(/^[0-9a-f]{40}$/)
    const second = await ask(lab, `?group_limit=2&group_next_token=${first.groupNextToken}`)
    expect(names(second)).toEqual(['shop/job:up:sum', 'shop/ShopDown'])
    expect(second.groupNextToken).toBeUndefined()
  })

  test('leave alerts out when these are not wanted', async () => {
    await using lab = await startLab({ rules })
    await lab.clock.advance(120_000)
    const alerts = async (query: string) => (await ask(lab, `?rule_name[]=Always${query}`)).groups[0]?.rules[0]?.alerts
    expect(await alerts('')).toMatchObject([{ state: 'firing', value: '1e+00', annotations: { summary: 'value 1' } }])
    expect(await alerts('&exclude_alerts=True')).toEqual([])
  })

  test('are refused with what is wrong in the request', async () => {
    await using lab = await startLab({ rules })
    const error = async (query: string) => ((await lab.data(`/api/v1/rules?${query}`)) as { error: string }).error
    expect(await error('type=x')).toBe('invalid parameter "type": not supported value "x"')
    expect(await error('group_next_token=x')).toBe(
      'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
    )
    expect(await error('group_limit=x')).toBe(
      'invalid parameter "group_limit": group_limit needs to be a valid number: strconv.ParseInt: parsing "x": invalid syntax',
    )
    expect(await error('group_limit=0')).toBe('invalid parameter "group_limit": group_limit needs to be greater than 0')
    expect(await error('group_limit=1&group_next_token=x')).toBe(
      `invalid parameter "group_next_token": invalid group_next_token 'x'. were rule groups changed?`,
    )
    expect(await error('exclude_alerts=x')).toBe(
      'invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "x": invalid syntax',
    )
    expect(await error('match[]={}')).toBe('invalid parameter "match[]": match[] must contain at least one non-empty matcher')
  })
})
