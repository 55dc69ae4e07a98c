import type { FastifyInstance } from '@promlet/http'
import { loadPage, PAGE_PATHS } from '@promlet/web'

export interface PageOptions {
  /** What all paths of this server start with; empty or without a slash at the end. */
  readonly prefix: string
  readonly title: string
}

/** Serves the page: `/` leads to `/query`, every page path answers with the same document. */
export function registerPage(app: FastifyInstance, { prefix, title }: PageOptions): void {
  app.get('/', (_request, reply) => reply.redirect(`${prefix}/query`))
  app.get('/assets/page.js', async (_request, reply) => reply.type('text/javascript; charset=utf-8').send((await loadPage()).script))
  app.get('/assets/style.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send((await loadPage()).style))
  for (const path of PAGE_PATHS) {
    app.get(path, async (_request, reply) => {
      const html = (await loadPage()).html.replaceAll('{{prefix}}', escapeHtml(prefix)).replaceAll('{{title}}', escapeHtml(title))
      return reply.type('text/html; charset=utf-8').send(html)
    })
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\\]/g, (char) => `&#${char.charCodeAt(0)};`)
}
