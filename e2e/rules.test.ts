// The rule files that the project ships, judged by Prometheus's own tool.

import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findPeer, run } from './peer.ts'

const promtool = findPeer('promtool')
const folder = resolve(import.meta.dirname, '../rules')
const files = (path: string) => readdirSync(join(folder, path)).filter((name) => name.endsWith('.yml'))

describe.skipIf(promtool === undefined)('promtool', () => {
  async function isContent(args: readonly string[]): Promise<void> {
    await using tool = run(promtool as string, args)
    const code = await new Promise((resolve) => tool.process.once('close', resolve))
    expect({ code, output: code === 0 ? '' : tool.output() }).toEqual({ code: 0, output: '' })
  }

  test.each(files('.'))('finds nothing wrong with rules/%s', (name) => isContent(['check', 'rules', '--lint-fatal', join(folder, name)]))
  test.each(files('tests'))('sees the rules do what rules/tests/%s says', (name) =>
    isContent(['test', 'rules', join(folder, 'tests', name)]),
  )
})
