import { describe, expect, test } from 'vitest'
import { startLab } from '../../test/lab.ts'
import { defaultSettings } from '../index.ts'

describe('the page', () => {
  test('is where / and the links of alerts lead to', async () => {
    await using lab = await startLab()
    expect(await lab.get('/')).toMatchObject({
      status: 302,
      headers: { location: '/query', 'content-type': 'text/html; charset=utf-8' },
      body: '<a href="/query">Found</a>.\n\n',
    })
    expect((await lab.get('/graph?g0.expr=up%3D%3D0&g0.tab=1')).headers).toMatchObject({ location: '/query?g0.expr=up%3D%3D0&g0.tab=1' })
  })

  test('is one document on all its paths, with its parts beside', async () => {
    await using lab = await startLab()
    const paths = ['/query', '/alerts', '/targets', '/rules', '/status']
    const answers = await Promise.all(paths.map((path) => lab.get(path)))
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
    for (const [, path = ''] of answers[0]?.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g) ?? []) {
      expect((await lab.get(path)).status).toBe(200)
    }
  })

  test('knows its prefix and title, whatever stands in them', async () => {
    const web = { ...defaultSettings.web, routePrefix: '/prometheus', pageTitle: `Shop's "<metrics>"` }
    await using lab = await startLab({ settings: { web } })
    const { body } = await lab.get('/prometheus/query')
    expect(body).toContain('/prometheus/assets/page.js')
    expect(body).toContain('Shop&#39;s &#34;&#60;metrics&#62;&#34;')
    expect((await lab.get('/prometheus/')).headers).toMatchObject({ location: '/prometheus/query' })
  })
})
