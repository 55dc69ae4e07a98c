import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { glob } from './glob.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promlet-glob-'))
  await mkdir(join(folder, 'a'))
  await mkdir(join(folder, 'b'))
  for (const file of ['a/1.yml', 'a/2.yml', 'a/.3.yml', 'b/1.yml', 'b/[1].yml', 'b/x{1}.yml']) await writeFile(join(folder, file), '')
})
afterAll(() => rm(folder, { recursive: true }))

describe('glob', () => {
  const finds = (pattern: string, ...expected: readonly string[]) =>
    test(`${pattern} finds ${expected.join(', ') || 'nothing'}`, async () => {
      expect((await glob(join(folder, pattern))).map((path) => path.slice(folder.length + 1))).toEqual(expected)
    })
  finds('a/*.yml', 'a/.3.yml', 'a/1.yml', 'a/2.yml')
  finds('?/1.yml', 'a/1.yml', 'b/1.yml')
  finds('a/[12].yml', 'a/1.yml', 'a/2.yml')
  finds('a/[^1].yml', 'a/2.yml')
  finds('b/\\[1\\].yml', 'b/[1].yml')
  finds('b/x{1}.*', 'b/x{1}.yml')
  finds('a/1.yml', 'a/1.yml')
  finds('none/*.yml')
  finds('none.yml')
})
