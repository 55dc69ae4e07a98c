// The page is TypeScript for browsers. It is bundled in memory when it is first asked for, so that a checkout needs
// no build step and a process that serves no page pays nothing.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** What a server has to answer with. All texts are UTF-8. */
export interface Page {
  readonly html: string
  readonly script: string
  readonly style: string
}

/** The paths that show the page; which part of it, the page reads from its own URL. */
export const PAGE_PATHS: readonly string[] = ['/query', '/alerts', '/targets', '/rules', '/status']

let loading: Promise<Page> | undefined

/**
 * The page, bundled at the first call.
 * @throws when it cannot be bundled; the next call tries again.
 */
export function loadPage(): Promise<Page> {
  loading ??= bundle().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function bundle(): Promise<Page> {
  const path = (name: string) => fileURLToPath(new URL(`./page/${name}`, import.meta.url))
  const { build } = await import('esbuild')
  const [{ outputFiles }, html, style, chartStyle] = await Promise.all([
    build({
      entryPoints: [path('main.ts')],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      write: false,
      logLevel: 'silent',
    }),
    readFile(path('index.html'), 'utf8'),
    readFile(path('style.css'), 'utf8'),
    readFile(createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'), 'utf8'),
  ])
  return { html, script: outputFiles[0]?.text ?? '', style: `${chartStyle}\n${style}` }
}
