import { Labels, type VectorSample } from '@promlet/model'
import { describe, expect, test } from 'vitest'
import { ALERT_PREAMBLE, alertData } from './alert-data.ts'
import { createExpander } from './expand.ts'

const sample = (labels: Record<string, string>, value: number): VectorSample => ({ labels: Labels.of(labels), at: 0, value })

const data = alertData({
  labels: Labels.of({ job: 'node', instance: 'db-1:9100' }),
  externalLabels: Labels.of({ cluster: 'eu' }),
  externalUrl: 'http://prometheus:9090',
  value: 12.5,
})

function expand(text: string, query: (expr: string) => Promise<readonly VectorSample[]> = async () => [], queriesMax?: number) {
  const limits = queriesMax === undefined ? {} : { limits: { queriesMax } }
  const expander = createExpander({ name: '__alert_Disk', text: ALERT_PREAMBLE + text, ...limits })
  return expander.expand({ data, at: 1_000_000, externalUrl: 'http://prometheus:9090', query })
}

describe('an alert template', () => {
  test('knows the labels, the value, and the external labels and URL', async () => {
    const text = '{{ $labels.instance }} of {{ .Labels.job }} at {{ $value }} in {{ $externalLabels.cluster }}, see {{ $externalURL }}'
    expect(await expand(text)).toBe('db-1:9100 of node at 12.5 in eu, see http://prometheus:9090')
  })

  test('asks queries, each once, and goes on with their answers', async () => {
    const asked: string[] = []
    const query = async (expr: string) => {
      asked.push(expr)
      return expr === 'up' ? [sample({ id: 'b' }, 1), sample({ id: 'a' }, 0)] : [sample({}, 7)]
    }
    const text =
      '{{ range query "up" | sortByLabel "id" }}{{ .Labels.id }}={{ . | value }} {{ query "vector(7)" | first | value }},{{ end }}{{ len (query "up") }}'
    expect(await expand(text, query)).toBe('a=0 7,b=1 7,2')
    expect(asked).toEqual(['up', 'vector(7)'])
  })

  test('fails with the error of its query', async () => {
    const query = () => Promise.reject(new Error('query timed out'))
    await expect(expand('{{ query "up" }}', query)).rejects.toThrow(
      'error executing template __alert_Disk: template: __alert_Disk:1:115: executing "__alert_Disk" at <query "up">: error calling query: query timed out',
    )
  })

  test('may not ask without end', async () => {
    const text = '{{ range $i := 50 }}{{ query (printf "x%d" $i) | len }}{{ end }}'
    await expect(expand(text, async () => [], 10)).rejects.toThrow('more than 10 queries')
  })

  test('that does not parse says so when it is created', () => {
    expect(() => createExpander({ name: 'x', text: '{{ nope }}' })).toThrow(
      'error parsing template x: template: x:1: function "nope" not defined',
    )
  })
})
