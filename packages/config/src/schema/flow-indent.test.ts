import { describe, expect, test } from 'vitest'
import { ConfigError, parsePrometheusConfig } from '../index.ts'

const job = (...lines: readonly string[]) => ['scrape_configs:', '- job_name: node', '  static_configs:', ...lines, ''].join('\n')
const read = (text: string) => parsePrometheusConfig(text, { file: 'prometheus.yml' })

describe('brackets over several lines', () => {
  const means = (title: string, text: string) =>
    test(title, () => {
      expect(read(text).scrapeConfigs[0]?.discovery).toEqual([{ kind: 'static', groups: [{ targets: ['a:1', 'b:1'], labels: {} }] }])
    })
  means('may be indented like their key', job('  - targets: [', "    'a:1',", '    "b:1"', '  ]'))
  means('may be indented less', job('  - targets: [', "'a:1', # ]", "'b:1'", ']'))
  means('may be nested', job('  - {targets: [', '  a:1,', '  b:1', '  ], labels: {', '  }}'))

  test('keep the places of what is in them', () => {
    const text = job('  - targets: [', "'a:1',", '  ]', '  - targets: [', '  a:1,', "    'http://b:1'", ']')
    const error = (() => {
      try {
        return read(text)
      } catch (caught) {
        return caught
      }
    })()
    expect((error as ConfigError).problems).toMatchObject([{ line: 9, column: 5, field: 'scrape_configs[0].static_configs[1].targets[1]' }])
  })

  test('that are not closed stay an error', () => {
    expect(() => read(job('  - targets: [', "'a:1',"))).toThrow(ConfigError)
  })
})
