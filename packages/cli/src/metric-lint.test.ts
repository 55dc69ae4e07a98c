import { parseFamilies } from '@promlet/exposition'
import { describe, expect, test } from 'vitest'
import { lintFamilies } from './metric-lint.ts'

/** What is said of an exposition, each as `metric text`. */
function lint(text: string): string[] {
  return lintFamilies(parseFamilies(text)).map(({ metric, text }) => `${metric} ${text}`)
}

const family = (name: string, type: string, labels = '') => `# HELP ${name} h\n# TYPE ${name} ${type}\n${name}${labels} 1\n`

describe('the names of metrics', () => {
  const says = (text: string, ...problems: string[]) => test(`${JSON.stringify(text)}`, () => expect(lint(text)).toEqual(problems))

  says(family('http_requests_total', 'counter'))
  says('up 1\n', 'up no help text')
  says(family('http_requests', 'counter'), 'http_requests counter metrics should have "_total" suffix')
  says(family('queue_total', 'gauge'), 'queue_total non-counter metrics should not have "_total" suffix')
  says(family('queue_total', 'untyped'))
  says(family('wait_milliseconds', 'gauge'), 'wait_milliseconds use base unit "seconds" instead of "milliseconds"')
  says(family('wait_minutes', 'gauge'), 'wait_minutes use base unit "seconds" instead of "minutes"')
  says(family('thermometers', 'gauge'))
  says(family('wait_ms', 'gauge'), 'wait_ms metric names should not contain abbreviated units')
  says(family('job:up:sum', 'gauge'), "job:up:sum metric names should not contain ':'")
  says(family('queueLength', 'gauge'), "queueLength metric names should be written in 'snake_case' not 'camelCase'")
  says(family('queue', 'gauge', '{jobName="a"}'), "queue label names should be written in 'snake_case' not 'camelCase'")
  says(family('my_gauge', 'gauge'), "my_gauge metric name should not include type 'gauge'")
  says(
    family('start_timestamp_seconds', 'counter').replaceAll('start', 'start'),
    ...[
      'start_timestamp_seconds counter metrics should have "_total" suffix',
      'start_timestamp_seconds non-gauge metrics should not have "_timestamp_seconds" suffix',
    ],
  )
  says(
    family('a_bucket', 'gauge', '{le="1",quantile="2"}'),
    'a_bucket non-histogram metrics should not have "_bucket" suffix',
    'a_bucket non-histogram metrics should not have "le" label',
    'a_bucket non-summary metrics should not have "quantile" label',
  )
  says(family('a_sum', 'gauge'), 'a_sum non-histogram and non-summary metrics should not have "_sum" suffix')
  says(`${family('queue', 'gauge')}queue 2\nqueue{a="1"} 3\n`, 'queue metric not unique')
})
