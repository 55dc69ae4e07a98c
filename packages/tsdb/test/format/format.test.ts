import { describe, expect, test } from 'vitest'
import { openFixture } from '../fixtures/open.ts'
import { FormatReader, type Met } from './reader.ts'

const VERSIONS = ['v1', 'v2'] as const

describe('a reader written from docs/format.md', () => {
  for (const version of VERSIONS) {
    test(`reads from a stored ${version} what the store answered`, () => {
      using fixture = openFixture(version)
      const reader = new FormatReader(fixture.file)
      const byLabels = (one: { labels: Record<string, string> }) => JSON.stringify(Object.entries(one.labels).sort())
      const sorted = <T extends { labels: Record<string, string> }>(series: readonly T[]) =>
        [...series].sort((left, right) => (byLabels(left) < byLabels(right) ? -1 : 1))
      expect(`v${reader.version}`).toBe(version)
      expect(sorted(reader.series())).toEqual(sorted(fixture.answers.series))
      expect(reader.metadata()).toEqual(fixture.answers.metadata)
      expect(reader.exemplars()).toEqual(
        fixture.answers.exemplars.flatMap(({ labels, exemplars }) => exemplars.map((exemplar) => ({ series: labels, exemplar }))),
      )
      reader.close()
    })

    test(`finds the series of a label in the index of a stored ${version}`, () => {
      using fixture = openFixture(version)
      const reader = new FormatReader(fixture.file)
      const ids = reader.listed('job', 'batch')
      expect(ids).toHaveLength(fixture.answers.series.filter(({ labels }) => labels['job'] === 'batch').length)
      for (const id of ids) expect(reader.labels(id)['job']).toBe('batch')
      reader.close()
    })
  }

  test('has met every kind of batch, chunk and column in them', () => {
    const met = VERSIONS.map((version) => {
      using fixture = openFixture(version)
      const reader = new FormatReader(fixture.file)
      reader.close()
      return reader.met
    })
    const all = (name: keyof Met) => [...new Set(met.flatMap((one): (number | string)[] => [...one[name]]))].map(String).sort()
    expect(all('kinds')).toEqual(['1', '18', '19', '2', '3', '34', '35'])
    expect(all('contents')).toEqual(['0', '16', '17', '18', '19', '20'])
    const integers = [
      '2',
      '2 exceptions',
      '2 mode 0',
      '2 mode 0 decimal',
      '2 mode 1',
      '2 mode 1 decimal',
      '2 mode 2',
      '2 mode 2 decimal',
      '2 wide',
    ]
    expect(all('columns')).toEqual(['0', '1', ...integers, '3'])
  })
})
