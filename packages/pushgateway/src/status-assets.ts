export const STATUS_STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #c2410c; --bad: #dc2626; font: 15px/1.5 system-ui, sans-serif }
body { margin: 0 }
header { display: flex; align-items: baseline; gap: 2rem; padding: .8rem 1.5rem; border-bottom: 3px solid var(--accent) }
h1 { font-size: 1.2rem; margin: 0 } h2 { font-size: 1rem; margin: 1.5rem 0 .5rem }
main { max-width: 70rem; margin: 0 auto; padding: 0 1.5rem 3rem }
a { color: var(--accent) } nav a { margin-right: 1rem }
.group { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0 }
.group summary { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; padding: .4rem .7rem; cursor: pointer }
.label { background: var(--soft); border-radius: 4px; padding: 0 .4rem; font-family: ui-monospace, monospace; font-size: .85rem }
.times { margin-left: auto; font-size: .85rem; opacity: .8 }
.bad { color: var(--bad) } .empty { opacity: .7 }
table { border-collapse: collapse; width: 100%; font-size: .85rem }
th { text-align: left; padding: .5rem .7rem .1rem } td { padding: .1rem .7rem; border-top: 1px solid var(--soft); font-family: ui-monospace, monospace; overflow-wrap: anywhere }
small { font-weight: normal; opacity: .7 } .value { text-align: right } .facts td:first-child { width: 16rem }
button { font: inherit; font-size: .85rem; border: 1px solid var(--line); border-radius: 4px; background: none; color: inherit; cursor: pointer; padding: 0 .6rem }
button:hover { border-color: var(--bad); color: var(--bad) }
`

export const STATUS_SCRIPT = `
const prefix = document.documentElement.dataset.prefix
async function ask(question, method, path) {
  if (!confirm(question)) return
  const response = await fetch(prefix + path, { method })
  if (response.ok) location.reload()
  else alert(response.status + ': ' + await response.text())
}
document.addEventListener('click', (event) => {
  const { delete: path, wipe } = event.target.dataset ?? {}
  if (path === undefined && wipe === undefined) return
  event.preventDefault()
  if (path === undefined) ask('Delete all groups?', 'PUT', '/api/v1/admin/wipe')
  else ask('Delete this group with all its metrics?', 'DELETE', '/metrics/' + path)
})
`
