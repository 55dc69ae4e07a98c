// A copy of the repository in which sources can be broken: everything but the history and the installed dependencies, to
// which it is linked.

import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

export interface Checkout extends Disposable {
  readonly path: string
}

export function makeCheckout(): Checkout {
  const path = mkdtempSync(join(tmpdir(), 'promlet-guards-'))
  for (const name of readdirSync(root)) {
    if (name === '.git' || name === 'node_modules') continue
    // Links between packages are relative and lead to the copies.
    cpSync(join(root, name), join(path, name), { recursive: true, verbatimSymlinks: true, filter: isSource })
  }
  linkDependencies(path)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function isSource(path: string): boolean {
  const stat = lstatSync(path)
  return stat.isSymbolicLink() || stat.isDirectory() || (stat.isFile() && basename(path) !== '.DS_Store')
}

/** What is installed is linked, but for the packages of the repository. */
function linkDependencies(path: string): void {
  const installed = join(root, 'node_modules')
  const into = join(path, 'node_modules')
  mkdirSync(join(into, '@promlet'), { recursive: true })
  for (const name of readdirSync(installed))
    if (name !== '@promlet' && !name.startsWith('.vite')) symlinkSync(join(installed, name), join(into, name))
  for (const name of readdirSync(join(path, 'packages'))) symlinkSync(join('../../packages', name), join(into, '@promlet', name))
}
