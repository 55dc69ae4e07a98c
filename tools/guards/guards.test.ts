// That tests turn red without each guard is shown by `npm run check:guards`, which takes minutes. Here: that its edits fit.

import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { withoutGuard } from './guard.ts'
import { guards } from './guards.ts'

const root = resolve(import.meta.dirname, '../..')

test.each(guards)('$name: it can be removed, and its tests are there', (guard) => {
  const text = readFileSync(join(root, guard.file), 'utf8')
  expect(withoutGuard(guard, text)).not.toBe(text)
  expect(guard.tests.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
