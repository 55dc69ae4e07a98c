// Who may use a store: one process writes, and only where it is allowed to. Whoever is refused is told why and changes
// nothing.

import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { expectContent, writeContent } from './kill/content.ts'
import { run } from './peer.ts'
import { makeFolder, PROMLET, serve } from './promlet.ts'

const NOBODY = 65_534

/** Runs a command of promlet to its end. */
async function ending(program: string, args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const running = run(program, args)
  const code = await new Promise<number | null>((resolve) => running.process.once('close', resolve))
  return { code, output: running.output() }
}

const flags = (data: string, config: string) => [
  `--config.file=${config}`,
  `--storage.tsdb.path=${data}`,
  '--web.enable-remote-write-receiver',
]
const serving = (data: string, config: string) => ['serve', 'tsdb', '--web.listen-address=127.0.0.1:0', ...flags(data, config)]

describe('two processes', { concurrent: true }, () => {
  test('the second writer is refused, and comes in once the first is killed', { timeout: 60_000 }, async () => {
    using folder = makeFolder()
    const data = join(folder.path, 'data')
    const config = folder.write('prometheus.yml', '{}')
    await using first = await serve(['tsdb'], flags(data, config))
    await writeContent(first.url, 1)
    const second = await ending(PROMLET, serving(data, config))
    expect(second.code).toBe(1)
    expect(second.output).toMatch(/lock: another process, or another part of this one, already uses this data/)
    await writeContent(first.url, 2)
    await expectContent(first, [1, 2])
    await first.stop('SIGKILL')
    // The lock goes with the process that held it: nothing has to be cleaned up.
    await using third = await serve(['tsdb'], flags(data, config))
    await expectContent(third, [1, 2])
    await writeContent(third.url, 3)
    await expectContent(third, [1, 2, 3])
  })
})

const isAllowed = (() => {
  const tried = spawnSync('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', PROMLET, '--version'], {
    encoding: 'utf8',
  })
  if (tried.status === 0) return true
  process.stderr.write(
    `tests of read-only files are skipped: no other user can run promlet here: ${tried.stderr ?? tried.error?.message}\n`,
  )
  return false
})()

/** A store as a clean stop left it. */
async function makeStore(data: string, config: string): Promise<void> {
  await using server = await serve(['tsdb'], flags(data, config))
  await writeContent(server.url, 1)
}

/** What a folder has, byte by byte. */
function bytesOf(data: string): Record<string, string> {
  return Object.fromEntries(readdirSync(data).map((name) => [name, readFileSync(join(data, name)).toString('base64')]))
}

describe.skipIf(!isAllowed)('a store that may only be read', { concurrent: true }, () => {
  const asNobody = (args: readonly string[]) =>
    ending('setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', PROMLET, ...args])

  async function refused(prepare: (data: string) => void, reason: RegExp): Promise<void> {
    using folder = makeFolder()
    chmodSync(folder.path, 0o755)
    const data = join(folder.path, 'data')
    const config = folder.write('prometheus.yml', '{}')
    await makeStore(data, config)
    prepare(data)
    const before = bytesOf(data)
    const { code, output } = await asNobody(serving(data, config))
    expect(output).toMatch(reason)
    expect(code).toBe(1)
    expect(bytesOf(data)).toEqual(before)
  }

  test('in a folder of someone else is refused', { timeout: 60_000 }, () =>
    refused(() => {}, /data: the folder of the store cannot be made or written/),
  )

  test('in a file that may not be written is refused', { timeout: 60_000 }, () =>
    refused((data) => {
      chownSync(data, NOBODY, NOBODY)
      chownSync(join(data, 'lock'), NOBODY, NOBODY)
      chmodSync(join(data, 'store.db'), 0o444)
    }, /store\.db: it cannot be written/),
  )
})
