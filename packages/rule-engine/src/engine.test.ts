import { type Appendable, Labels } from '@promlet/model'
import { describe, expect, test, vi } from 'vitest'
import { history, MINUTE, openLab, put, SECOND } from '../test/lab.ts'

const RECORDING = `
groups:
- name: node
  labels: {team: infra}
  rules:
  - record: instance:load:double
    expr: node_load1 * 2
  - record: job:load:sum
    expr: sum by (job) (instance:load:double)
    labels: {source: rules, team: platform}
`

describe('recording rules', () => {
  test('write at the slot of the group, and see what the rules before them wrote', async () => {
    const lab = await openLab(RECORDING)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.put('node_load1{job="node",instance="b"}', 2)
    await lab.clock.advance(MINUTE)
    expect(history(lab.store, lab.start, 'instance:load:double{job="node",instance="b",team="infra"}')).toEqual(['60/4'])
    expect(history(lab.store, lab.start, 'job:load:sum{job="node",source="rules",team="platform"}')).toEqual(['60/6'])
    expect(lab.engine.groups()).toMatchObject([
      {
        name: 'node',
        intervalMs: MINUTE,
        lastEvaluation: lab.start + MINUTE,
        rules: [
          { kind: 'recording', name: 'instance:load:double', query: 'node_load1 * 2', health: 'ok', lastError: undefined },
          { kind: 'recording', name: 'job:load:sum', health: 'ok' },
        ],
      },
    ])
  })

  test('mark a series stale that is gone', async () => {
    const lab = await openLab(RECORDING)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(7 * MINUTE)
    const series = 'instance:load:double{job="node",instance="a",team="infra"}'
    expect(history(lab.store, lab.start, series)).toEqual(['60/2', '120/2', '180/2', '240/2', '300/stale'])
  })

  test('evaluate as of the query offset', async () => {
    const lab = await openLab(RECORDING.replace('name: node', 'name: node\n  query_offset: 20s'))
    await lab.clock.advance(30 * SECOND)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(15 * SECOND)
    await lab.put('node_load1{job="node",instance="a"}', 5)
    await lab.clock.advance(15 * SECOND)
    expect(history(lab.store, lab.start, 'instance:load:double{job="node",instance="a",team="infra"}')).toEqual(['40/2'])
  })

  const RENAME = `
groups:
- name: node
  limit: 2
  rules:
  - record: load
    expr: node_load1
    labels: {instance: ""}
`
  test('refuse to write one series twice', async () => {
    const lab = await openLab(RENAME)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.put('node_load1{job="node",instance="b"}', 2)
    await lab.clock.advance(MINUTE)
    const [rule] = lab.engine.groups()[0]?.rules ?? []
    expect(rule).toMatchObject({
      health: 'err',
      lastError: 'vector contains metrics with the same labelset after applying rule labels',
    })
    expect(await lab.metric('prometheus_rule_evaluation_failures_total')).toBe(1)
  })

  test('lose the labels that they empty', async () => {
    const lab = await openLab(RENAME)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(MINUTE)
    expect(await lab.query('load')).toEqual({ 'job=node': 1 })
  })

  test('beyond the limit of the group fail, and write nothing', async () => {
    const lab = await openLab(RENAME)
    for (const job of ['a', 'b', 'c']) await lab.put(`node_load1{job="${job}"}`, 1)
    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ health: 'err', lastError: 'exceeded limit of 2 with 3 series' })
    expect(await lab.query('load')).toEqual({})
  })

  test('with an expression that fails tell why, and recover', async () => {
    const lab = await openLab(`
groups:
- name: node
  rules:
  - {record: ratio, expr: node_load1 / on(job) node_cpus}
`)
    for (const instance of ['a', 'b']) await lab.put(`node_cpus{job="node",instance="${instance}"}`, 4)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]?.lastError).toContain('many-to-many matching not allowed')
    await lab.clock.advance(5 * MINUTE)
    await lab.put('node_cpus{job="node"}', 4)
    await lab.put('node_load1{job="node"}', 1)
    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ health: 'ok', lastError: undefined })
  })

  test('of a scalar write one sample without labels', async () => {
    const lab = await openLab('groups: [{name: node, rules: [{record: answer, expr: 6 * 7}]}]')
    await lab.clock.advance(MINUTE)
    expect(await lab.query('answer')).toEqual({ '': 42 })
  })

  test('whose samples the store refuses are unhealthy', async () => {
    const lab = await openLab('groups: [{name: node, rules: [{record: answer, expr: 6 * 7}]}]')
    await put(lab.store, 'answer', lab.start + 90 * SECOND, 1)
    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]?.health).toBe('err')
    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]?.health).toBe('ok')
  })

  test('whose commit fails are unhealthy and try again', async () => {
    let fails = true
    const lab = await openLab('groups: [{name: node, rules: [{record: answer, expr: 6 * 7}]}]', {
      appendable: { appender: () => appendable.appender() },
    })
    const appendable: Appendable = {
      appender() {
        const appender = lab.store.appender()
        if (fails) appender.commit = () => Promise.reject(new Error('no space left on device'))
        return appender
      },
    }
    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ health: 'err', lastError: 'no space left on device' })
    fails = false
    await lab.clock.advance(MINUTE)
    expect(history(lab.store, lab.start, 'answer')).toEqual(['120/42'])
  })
})

const ALERTING = `
groups:
- name: node
  interval: 30s
  rules:
  - alert: HighLoad
    expr: node_load1 > 3
    for: 1m
    keep_firing_for: 1m
    labels: {severity: page, where: '{{ $labels.instance }}/{{ $externalLabels.cluster }}'}
    annotations:
      summary: '{{ $labels.instance }} at {{ $value | humanize }}, limit {{ with query "load_limit" }}{{ . | first | value }}{{ end }}'
      broken: '{{ $labels.instance | toLower 1 }}'
`
const lab30 = (yaml = ALERTING, options = {}) => openLab(yaml, { intervalMs: 30 * SECOND, ...options })

describe('alerting rules', () => {
  test('go from pending to firing to resolved, with labels and annotations expanded', async () => {
    const lab = await lab30()
    await lab.put('load_limit', 3)
    await lab.put('node_load1{instance="a"}', 4.5)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ state: 'unknown', health: 'unknown' })
    await lab.clock.advance(30 * SECOND)
    const labels = { alertname: 'HighLoad', instance: 'a', severity: 'page', where: 'a/eu' }
    const [rule] = lab.engine.groups()[0]?.rules ?? []
    if (rule?.kind !== 'alerting') throw new Error('no alerting rule')
    expect(rule).toMatchObject({ state: 'pending', forMs: MINUTE, keepFiringForMs: MINUTE, health: 'ok' })
    const [alert] = rule.alerts
    expect(alert?.labels.toJSON()).toEqual(labels)
    expect(alert).toMatchObject({ state: 'pending', activeAt: lab.start + 30 * SECOND, value: 4.5, keepFiringSince: undefined })
    expect(alert?.annotations.toJSON()).toEqual({
      summary: 'a at 4.5, limit 3',
      broken:
        '<error expanding template: error executing template __alert_HighLoad: template: __alert_HighLoad:1:134: executing "__alert_HighLoad" at <toLower>: wrong number of args for toLower: want 1 got 2>',
    })
    expect(lab.sent).toEqual([])

    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ state: 'firing', alerts: [{ state: 'firing' }] })
    expect(lab.sent).toHaveLength(1)
    const [told] = lab.sent[0]?.alerts ?? []
    expect(told?.labels.toJSON()).toEqual(labels)
    expect(told).toMatchObject({
      startsAt: lab.start + 90 * SECOND,
      endsAt: lab.start + 90 * SECOND + 4 * MINUTE,
      generatorUrl: 'http://prometheus:9090/graph?g0.expr=node_load1+%3E+3&g0.tab=1',
    })

    await lab.put('node_load1{instance="a"}', 1)
    await lab.clock.advance(30 * SECOND)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ state: 'firing', alerts: [{ keepFiringSince: lab.start + 120 * SECOND }] })
    await lab.clock.advance(MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ state: 'inactive', alerts: [] })
    expect(lab.sent.at(-1)?.alerts[0]).toMatchObject({ startsAt: lab.start + 90 * SECOND, endsAt: lab.start + 180 * SECOND })
  })

  test('write ALERTS and ALERTS_FOR_STATE once the earlier state was looked up', async () => {
    const lab = await lab30(ALERTING.replace('    keep_firing_for: 1m\n', ''))
    await lab.put('node_load1{instance="a"}', 4.5)
    await lab.clock.advance(2 * MINUTE)
    await lab.put('node_load1{instance="a"}', 1)
    await lab.clock.advance(MINUTE)
    const labels = 'alertname="HighLoad",instance="a",severity="page",where="a/eu"'
    expect(history(lab.store, lab.start, `ALERTS{alertstate="pending",${labels}}`)).toEqual([])
    expect(history(lab.store, lab.start, `ALERTS{alertstate="firing",${labels}}`)).toEqual(['90/1', '120/1', '150/stale'])
    const activeAt = Math.floor((lab.start + 30 * SECOND) / 1000)
    expect(history(lab.store, lab.start, `ALERTS_FOR_STATE{${labels}}`)).toEqual([`90/${activeAt}`, `120/${activeAt}`, '150/stale'])
  })

  test('refuse alerts that their labels make alike', async () => {
    const lab = await lab30(ALERTING.replace('where:', 'instance: same, where:'))
    for (const instance of ['a', 'b']) await lab.put(`node_load1{instance="${instance}"}`, 9)
    await lab.clock.advance(30 * SECOND)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ health: 'ok' })
    const alike = await lab30(ALERTING.replace(/where: .*\}'/, 'instance: same'))
    for (const instance of ['a', 'b']) await alike.put(`node_load1{instance="${instance}"}`, 9)
    await alike.clock.advance(30 * SECOND)
    expect(alike.engine.groups()[0]?.rules[0]?.lastError).toBe('vector contains metrics with the same labelset after applying alert labels')
  })

  test('go on when their alerts cannot be sent', async () => {
    const lab = await lab30(ALERTING, { alertSink: { send: () => Promise.reject(new Error('nobody there')) } })
    await lab.put('node_load1{instance="a"}', 4.5)
    await lab.clock.advance(3 * MINUTE)
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ state: 'firing', health: 'ok' })
  })
})

describe('after a restart', () => {
  const SLOW = ALERTING.replace('for: 1m', 'for: 15m').replace('    keep_firing_for: 1m\n', '')

  /** Runs until the alert was active for `beforeMs`, is down for `downMs`, and gives the second run after three evaluations. */
  async function restart(beforeMs: number, downMs: number, meanwhile?: (lab: Awaited<ReturnType<typeof openLab>>) => Promise<void>) {
    const first = await lab30(SLOW)
    await keepHigh(first, beforeMs)
    await meanwhile?.(first)
    await first.engine.close()
    await first.clock.advance(downMs)
    const second = await lab30(SLOW, { store: first.store, clock: first.clock })
    await keepHigh(second, 90 * SECOND)
    return { first, second, alert: alertOf(second) }
  }

  async function keepHigh(lab: Awaited<ReturnType<typeof openLab>>, duration: number) {
    for (let passed = 0; passed < duration; passed += 30 * SECOND) {
      await lab.put('node_load1{instance="a"}', 9)
      await lab.clock.advance(30 * SECOND)
    }
  }

  function alertOf(lab: Awaited<ReturnType<typeof openLab>>) {
    const rule = lab.engine.groups()[0]?.rules[0]
    return rule?.kind === 'alerting' ? rule.alerts[0] : undefined
  }

  test('an alert that was firing fires at once', async () => {
    const { alert, second } = await restart(20 * MINUTE, 5 * MINUTE)
    expect(alert?.state).toBe('firing')
    expect(alert?.activeAt).toBe(Math.floor((second.start + 30 * SECOND) / 1000) * 1000)
  })

  test('a pending alert goes on without the time of the outage', async () => {
    const { alert, second } = await restart(2 * MINUTE, 5 * MINUTE)
    // Active since 30 s, last written at 120 s, found again 60 s after the outage of 5 min.
    const activeAt = Math.floor((second.start + 30 * SECOND) / 1000) * 1000
    const writtenAt = Math.floor((second.start + 120 * SECOND) / 1000) * 1000
    expect(alert).toMatchObject({ state: 'pending', activeAt: activeAt + (second.start + 480 * SECOND - writtenAt) })
  })

  test('an alert that would fire soon waits for the grace period', async () => {
    const { alert, second } = await restart(10 * MINUTE, 5 * MINUTE)
    const lookedUp = second.start + 960 * SECOND
    expect(alert).toMatchObject({ state: 'pending', activeAt: lookedUp + 10 * MINUTE - 15 * MINUTE })
  })

  test('an outage that was too long begins anew', async () => {
    const { alert, second } = await restart(20 * MINUTE, 70 * MINUTE)
    expect(alert).toMatchObject({ state: 'pending', activeAt: second.start + (20 + 70) * MINUTE + 30 * SECOND })
  })

  test('an alert that had ended before the outage begins anew', async () => {
    const { alert, second } = await restart(20 * MINUTE, 5 * MINUTE, async (lab) => {
      await lab.put('node_load1{instance="a"}', 1)
      await lab.clock.advance(MINUTE)
    })
    expect(alert).toMatchObject({ state: 'pending', activeAt: second.start + 26 * MINUTE + 30 * SECOND })
  })
})

test('a series that has left the store is resolved again, and what the rule writes is seen as a whole', async () => {
  const seen: number[] = []
  const lab = await openLab('groups: [{name: node, rules: [{record: job:load:max, expr: max by (job) (node_load1)}]}]', {
    appendable: {
      appender() {
        const appender = lab.store.appender()
        const commit = appender.commit.bind(appender)
        appender.commit = async (options) => {
          const refusals = await commit(options)
          const written = lab.store.stored.filter(({ labels }) => labels.metricName === 'job:load:max')
          seen.push(written.reduce((sum, { rows }) => sum + rows.length, 0))
          return refusals
        }
        return appender
      },
    },
  })
  await lab.put('node_load1{job="api"}', 1)
  await lab.put('node_load1{job="node"}', 2)
  await lab.clock.advance(MINUTE)
  lab.store.remove(Labels.of({ __name__: 'job:load:max', job: 'api' }))
  await lab.clock.advance(MINUTE)
  expect(await lab.query('job:load:max')).toEqual({ 'job=api': 1, 'job=node': 2 })
  expect(seen).toEqual([2, 1, 3])
})

describe('the rhythm', () => {
  test('evaluations that took too long are skipped and counted', async () => {
    const lab = await openLab('groups: [{name: node, rules: [{record: answer, expr: 6 * 7}]}]', {
      appendable: { appender: () => slow.appender() },
    })
    let delay = 150 * SECOND
    const slow: Appendable = {
      appender() {
        const appender = lab.store.appender()
        const commit = appender.commit.bind(appender)
        appender.commit = async () => {
          await lab.clock.sleep(delay)
          return await commit()
        }
        return appender
      },
    }
    await lab.clock.advance(MINUTE)
    delay = 0
    await lab.clock.advance(5 * MINUTE)
    expect(history(lab.store, lab.start, 'answer')).toEqual(['60/42', '180/42', '240/42', '300/42', '360/42'])
    expect(await lab.metric('prometheus_rule_group_iterations_missed_total')).toBe(1)
    expect(await lab.metric('prometheus_rule_group_iterations_total')).toBe(6)
  })

  test('closing ends it, and waits for the rule that is being evaluated', async () => {
    const lab = await openLab(RECORDING)
    await lab.clock.advance(MINUTE)
    await lab.engine.close()
    expect(lab.engine.ready()).toBe(false)
    await lab.put('node_load1{job="node"}', 1)
    await lab.clock.advance(5 * MINUTE)
    expect(await lab.query('job:load:sum')).toEqual({})
  })

  test('closing does not wait for a receiver that never answers', async () => {
    const lab = await openLab('groups: [{name: node, rules: [{record: answer, expr: 6 * 7}]}]', {
      appendable: { appender: () => Object.assign(lab.store.appender(), { commit: () => new Promise(() => {}) }) },
    })
    const passing = lab.clock.advance(MINUTE)
    await vi.waitFor(async () => expect(await lab.metric('prometheus_rule_group_iterations_total')).toBe(1))
    await lab.engine.close()
    await passing
  })
})

describe('reload', () => {
  test('keeps the alerts of a group that did not change, and takes new external labels', async () => {
    const lab = await lab30()
    await lab.put('node_load1{instance="a"}', 4.5)
    await lab.clock.advance(MINUTE)
    await lab.reload(ALERTING, { externalLabels: Labels.of({ cluster: 'us' }) })
    expect(lab.engine.groups()[0]?.rules[0]).toMatchObject({ state: 'pending', alerts: [{ activeAt: lab.start + 30 * SECOND }] })
    await lab.clock.advance(30 * SECOND)
    const rule = lab.engine.groups()[0]?.rules[0]
    expect(rule?.kind === 'alerting' && rule.alerts.map(({ labels }) => labels.get('where'))).toEqual(['a/us'])
  })

  test('moves the alerts of unchanged rules of a changed group', async () => {
    const lab = await lab30()
    await lab.put('node_load1{instance="a"}', 4.5)
    await lab.clock.advance(MINUTE)
    await lab.reload(ALERTING.replace('> 3', '> 2').replace('  rules:', '  rules:\n  - {record: one, expr: vector(1)}'))
    await lab.clock.advance(30 * SECOND)
    expect(lab.engine.groups()[0]?.rules[1]).toMatchObject({
      query: 'node_load1 > 2',
      state: 'firing',
      alerts: [{ activeAt: lab.start + 30 * SECOND }],
    })
  })

  test('marks the series of a rule stale that is gone from its group', async () => {
    const lab = await openLab(RECORDING)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(MINUTE)
    await lab.reload(RECORDING.slice(0, RECORDING.indexOf('  - record: job:load:sum')))
    await lab.clock.advance(MINUTE)
    expect(history(lab.store, lab.start, 'job:load:sum{job="node",source="rules",team="platform"}')).toEqual(['60/2', '120/stale'])
    expect(history(lab.store, lab.start, 'instance:load:double{job="node",instance="a",team="infra"}')).toEqual(['60/2', '120/2'])
  })

  test('marks the series of a group that is gone stale as of then, after two intervals', async () => {
    const lab = await openLab(RECORDING)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(90 * SECOND)
    await lab.reload('')
    expect(lab.engine.groups()).toEqual([])
    expect(await lab.metric('prometheus_rule_group_rules')).toBeUndefined()
    await lab.clock.advance(119 * SECOND)
    const series = 'job:load:sum{job="node",source="rules",team="platform"}'
    expect(history(lab.store, lab.start, series)).toEqual(['60/2'])
    await lab.clock.advance(SECOND)
    expect(history(lab.store, lab.start, series)).toEqual(['60/2', '90/stale'])
  })

  test('of a group that was only renamed leaves no gap', async () => {
    const lab = await openLab(RECORDING)
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(90 * SECOND)
    await lab.reload(RECORDING.replace('name: node', 'name: nodes'))
    for (let minute = 0; minute < 4; minute++) {
      await lab.put('node_load1{job="node",instance="a"}', 1)
      await lab.clock.advance(MINUTE)
    }
    const samples = history(lab.store, lab.start, 'job:load:sum{job="node",source="rules",team="platform"}')
    expect(samples).toHaveLength(5)
    expect(samples.every((sample) => sample.endsWith('/2'))).toBe(true)
  })

  test('refuses an expression that does not parse and goes on as before', async () => {
    const lab = await openLab(RECORDING)
    await expect(lab.reload(RECORDING.replace('* 2', '* * 2'))).rejects.toThrow(
      'rule "instance:load:double": could not parse expression: 1:14: parse error',
    )
    await lab.put('node_load1{job="node",instance="a"}', 1)
    await lab.clock.advance(MINUTE)
    expect(await lab.query('job:load:sum')).toEqual({ 'job=node source=rules team=platform': 2 })
  })
})

describe('with concurrency', () => {
  test('rules that depend on no other are evaluated beside each other, the others in order', async () => {
    const started: string[] = []
    let release = () => {}
    const all = new Promise<void>((resolve) => {
      release = resolve
    })
    const lab = await openLab(
      `
groups:
- name: node
  rules:
  - {record: one, expr: vector(1)}
  - {record: two, expr: vector(2)}
  - {record: a, expr: vector(3)}
  - {record: b, expr: a * 2}
`,
      {
        concurrency: 2,
        appendable: {
          appender() {
            const appender = lab.store.appender()
            const series = appender.series.bind(appender)
            const commit = appender.commit.bind(appender)
            let name = ''
            appender.series = (labels) => {
              name = labels.metricName
              return series(labels)
            }
            appender.commit = async () => {
              started.push(name)
              if (started.length === 3) release()
              if (name === 'one' || name === 'two') await all
              return await commit()
            }
            return appender
          },
        },
      },
    )
    await lab.clock.advance(MINUTE)
    expect(started.slice(0, 3).sort()).toEqual(['a', 'one', 'two'])
    expect(started[3]).toBe('b')
    expect(await lab.query('one')).toEqual({ '': 1 })
    expect(await lab.query('b')).toEqual({ '': 6 })
    expect(await lab.metric('prometheus_rule_group_last_evaluation_samples')).toBe(4)
  })
})
