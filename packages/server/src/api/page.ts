import type { FastifyInstance, FastifyReply } from '@promlet/http'
import { loadPage, PAGE_PATHS } from '@promlet/web'

export interface PageOptions {
  /** What all paths of this server start with; empty or without a slash at the end. */
  readonly prefix: string
  readonly title: string
}

/** Serves the page: `/` leads to `/query`, every page path answers with the same document. */
export function registerPage(app: FastifyInstance, { prefix, title }: PageOptions): void {
  app.get('/', (_request, reply) => redirect(reply, `${prefix}/query`))
  // The links of alerts lead here. Prometheus: web/web.go, where the page is the new one.
  app.get('/graph', (request, reply) => redirect(reply, `${prefix}/query${queryOf(request.url)}`))
  app.get('/assets/page.js', async (_request, reply) => reply.type('text/javascript; charset=utf-8').send((await loadPage()).script))
  app.get('/assets/style.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send((await loadPage()).style))
  for (const path of PAGE_PATHS) {
    app.get(path, async (_request, reply) => {
      const html = (await loadPage()).html.replaceAll('{{prefix}}', escapeHtml(prefix)).replaceAll('{{title}}', escapeHtml(title))
      return reply.type('text/html; charset=utf-8').send(html)
    })
  }
}

/** As Go's `http.Redirect` does it. */
function redirect(reply: FastifyReply, location: string): FastifyReply {
  const body = `<a href="${escapeHtml(location)}">Found</a>.\n\n`
  return reply.code(302).headers({ location, 'content-type': 'text/html; charset=utf-8' }).send(body)
}

function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start < 0 ? '' : url.slice(start)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\\]/g, (char) => `&#${char.charCodeAt(0)};`)
}
