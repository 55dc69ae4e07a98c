// The page is its URL: the path chooses what is shown, the query its state.

import { page as server } from './api.ts'
import { element } from './dom.ts'
import { alertsPage, rulesPage, targetsPage } from './list-pages.ts'
import { queryPage } from './query-page.ts'
import { statusPage } from './status-page.ts'

const { prefix, title } = server

const pages: Readonly<Record<string, { readonly name: string; readonly show: (main: HTMLElement) => () => void }>> = {
  '/query': { name: 'Query', show: queryPage },
  '/alerts': { name: 'Alerts', show: alertsPage },
  '/targets': { name: 'Targets', show: targetsPage },
  '/rules': { name: 'Rules', show: rulesPage },
  '/status': { name: 'Status', show: statusPage },
}

const main = element('main', {})
const nav = element('nav', {})
document.body.append(element('header', {}, element('b', {}, title), nav), main)
let leave = () => {}

function show(): void {
  leave()
  const path = location.pathname.slice(prefix.length)
  const page = pages[path] ?? pages['/query']
  const links = Object.entries(pages).map(([to, { name }]) => {
    const go = (event: Event) => {
      event.preventDefault()
      history.pushState(null, '', `${prefix}${to}`)
      show()
    }
    return element('a', { href: `${prefix}${to}`, 'aria-current': pages[to] === page ? 'page' : undefined, onclick: go }, name)
  })
  nav.replaceChildren(...links)
  leave = page?.show(main) ?? leave
}

addEventListener('popstate', show)
show()
