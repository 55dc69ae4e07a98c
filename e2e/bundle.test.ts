// bin/promlet runs a bundle of the sources, and whoever changes a source or has no room for a bundle does not notice.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from './promlet.ts'

const root = resolve(import.meta.dirname, '..')

/** A checkout without a bundle, whose libraries are those of this one. */
function checkOut(into: string): (...args: string[]) => { readonly code: number | null; readonly out: string; readonly err: string } {
  for (const name of ['bin', 'packages']) cpSync(join(root, name), join(into, name), { recursive: true, verbatimSymlinks: true })
  cpSync(join(root, 'pnpm-lock.yaml'), join(into, 'pnpm-lock.yaml'))
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'))
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(join(into, 'bin/promlet'), args, { encoding: 'utf8', timeout: 60_000 })
    return { code: status, out: stdout, err: stderr }
  }
}

function replaceIn(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to))
}

test('a changed source is in the next run, and what no run needs any more is removed in the end', () => {
  using folder = makeFolder()
  const promlet = checkOut(folder.path)
  const bundle = join(folder.path, 'dist/main.mjs')
  const source = join(folder.path, 'packages/cli/src/main.ts')
  expect(promlet('--version').out).toMatch(/^promlet, version \d/)
  expect(existsSync(bundle)).toBe(true)

  const daysAgo = new Date(Date.now() - 3 * 86_400_000)
  writeFileSync(join(folder.path, 'dist/chunk-OLD.mjs'), '')
  utimesSync(join(folder.path, 'dist/chunk-OLD.mjs'), daysAgo, daysAgo)
  writeFileSync(join(folder.path, 'dist/chunk-RECENT.mjs'), '')
  replaceIn(source, 'promlet, version', 'changed, version')
  expect(promlet('--version').out).toMatch(/^changed, version \d/)
  expect(existsSync(join(folder.path, 'dist/chunk-OLD.mjs'))).toBe(false)
  expect(existsSync(join(folder.path, 'dist/chunk-RECENT.mjs'))).toBe(true)
})

test('without room for a bundle, or with a source that cannot be bundled, sources are run', () => {
  using folder = makeFolder()
  const promlet = checkOut(folder.path)
  writeFileSync(join(folder.path, 'dist'), 'no folder')
  const version = {
    code: 0,
    out: expect.stringMatching(/^promlet, version \d/),
    err: expect.stringContaining('sources are run as they are: EEXIST'),
  }
  expect(promlet('--version')).toEqual(version)

  rmSync(join(folder.path, 'dist'))
  mkdirSync(join(folder.path, 'dist'))
  replaceIn(join(folder.path, 'packages/scraper/src/index.ts'), 'export', 'export export')
  expect(promlet('--version')).toEqual({
    ...version,
    err: expect.stringMatching(/sources are run as they are: .*\n.*scraper\/src\/index\.ts:\d+:\d+: ERROR/),
  })
})
