import { describe, expect, test } from 'vitest'
import type { Block } from './blocks.ts'
import { blocksToMerge } from './merge-plan.ts'

const MINUTE = 60_000

/** Blocks of half an hour each, given as `level:samples per series`. */
function blocks(...specs: readonly string[]): Block[] {
  return specs.map((spec, index) => {
    const [level, weight] = spec.split(':').map(Number) as [number, number]
    const from = index * 30 * MINUTE
    return {
      id: index,
      from,
      to: from + 29 * MINUTE,
      samples: weight * 10,
      series: 10,
      bytes: 0,
      late: 0,
      level,
      seriesSet: 1,
      firstChunk: 0,
    }
  })
}

describe('blocksToMerge', () => {
  const merges = (title: string, given: Block[], expected: readonly number[] | undefined) =>
    test(title, () => expect(blocksToMerge(given, new Set())?.map(({ id }) => id)).toEqual(expected))

  merges('nothing in an empty store', [], undefined)
  merges('nothing as long as chunks stay small together', blocks('0:120', '0:120', '0:120'), undefined)
  merges('four half hours into two hours', blocks('1:480', '0:120', '0:120', '0:120', '0:120'), [1, 2, 3, 4])
  merges('eight blocks of series that come and go', blocks(...new Array(8).fill('0:20')), [0, 1, 2, 3, 4, 5, 6, 7])
  merges('no block with one that was merged already', blocks('1:160', '0:20', '0:20', '0:20', '0:20', '0:20', '0:20', '0:20'), undefined)
  merges('eight merged ones of them again', blocks(...new Array(8).fill('1:40'), '0:20'), [0, 1, 2, 3, 4, 5, 6, 7])
  merges('nothing into a block of more than a day', blocks('2:9', ...new Array(47).fill('1:480'), '2:9', '2:9'), undefined)

  test('leaves out blocks that cannot be read', () => {
    expect(blocksToMerge(blocks('0:120', '0:120', '0:120', '0:120'), new Set([1]))).toBeUndefined()
  })

  test('encodes a sample a bounded number of times, however thin blocks stay and however many there are', () => {
    const store: Block[] = []
    let merged = 0
    let id = 0
    for (let at = 0; at < 2_000; at++) {
      const from = at * 10 * MINUTE
      store.push({
        id: id++,
        from,
        to: from + 9 * MINUTE,
        samples: 400,
        series: 10,
        bytes: 0,
        late: 0,
        level: 0,
        seriesSet: 1,
        firstChunk: 0,
      })
      for (let run = blocksToMerge(store, new Set()); run !== undefined; run = blocksToMerge(store, new Set())) {
        const samples = run.reduce((sum, block) => sum + block.samples, 0)
        merged += samples
        const [first] = run
        const block: Block = {
          ...(first as Block),
          id: id++,
          to: run.at(-1)?.to ?? 0,
          samples,
          series: samples / 40,
          level: (first?.level ?? 0) + 1,
        }
        store.splice(store.indexOf(first as Block), run.length, block)
      }
    }
    expect(merged / (2_000 * 400)).toBeLessThanOrEqual(2.1)
    expect(store.length).toBeLessThan(60)
  })
})
