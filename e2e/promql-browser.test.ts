// The engine stands alone: bundled for browsers it gives in headless Chromium what it gives in Node.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { findPeer, run } from './peer.ts'
import { makeFolder } from './promlet.ts'
import { answers, QUERIES } from './promql-answers.ts'

const chromium = findPeer('chromium')

/** The part of esbuild that is used here; it is a dependency of the web package. */
interface Bundler {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>
}

/** The contract suite that stands beside the memory store checks with Node's assert. Nothing here calls it. */
const withoutAssert = {
  name: 'without assert',
  setup(build: { onResolve: Hook; onLoad: Hook }) {
    build.onResolve({ filter: /^node:assert/ }, ({ path }) => ({ path, namespace: 'nothing' }))
    build.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: 'export default undefined' }))
  },
}

type Hook = (which: object, then: (asked: { readonly path: string }) => object) => void

const PAGE_SCRIPT = `
import { answers } from './promql-answers.ts'
const show = (text) => { document.querySelector('pre').textContent = encodeURIComponent(text) }
answers().then(show, (error) => show('failed: ' + (error.stack ?? error)))
`

test.skipIf(chromium === undefined)(
  'the engine gives in a browser what it gives in Node',
  async () => {
    using folder = makeFolder()
    const html = folder.write(
      'page.html',
      `<!doctype html><meta charset="utf-8"><pre></pre><script>${await bundle(PAGE_SCRIPT, [withoutAssert])}</script>`,
    )
    const shown = await dumpPage(chromium ?? '', html, folder.path)
    const expected = await answers()
    expect(shown.split('\n')).toEqual(expected.split('\n'))
    expect(shown).toContain('"resultType":"matrix"')
    expect(shown.split('\n').length).toBeGreaterThan(2 * QUERIES.length)
  },
  120_000,
)

test('the engine imports nothing of Node', async () => {
  expect((await bundle("export * from '@promlet/promql'", [])).length).toBeGreaterThan(100_000)
})

/** Fails where anything of Node is imported. */
async function bundle(contents: string, plugins: readonly object[]): Promise<string> {
  const { build } = createRequire(join(import.meta.dirname, '../packages/web/package.json'))('esbuild') as Bundler
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'js' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'promlet',
    charset: 'utf8',
    write: false,
    logLevel: 'silent',
    plugins,
  })
  return (outputFiles[0]?.text ?? '').replaceAll('</script', '<\\/script')
}

async function dumpPage(program: string, html: string, folder: string): Promise<string> {
  await using browser = run(program, [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--user-data-dir=${join(folder, 'profile')}`,
    '--virtual-time-budget=60000',
    '--dump-dom',
    pathToFileURL(html).href,
  ])
  await new Promise((resolve) => browser.process.once('close', resolve))
  const text = /<pre>([^<]*)<\/pre>/.exec(browser.output())?.[1]
  if (text === undefined) throw new Error(`the browser gave no page:\n${browser.output().slice(0, 2000)}`)
  return decodeURIComponent(text)
}
