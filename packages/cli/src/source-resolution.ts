// A start imports some four hundred sources, and for each import Node asks the disk whether the file is there, where its links
// lead and which package it is in: a sixth of the time until the server is ready. Between our own sources nothing of that is
// in question. https://nodejs.org/api/module.html#moduleregisterhooksoptions

import { type ResolveFnOutput, registerHooks } from 'node:module'

/** Where the packages lie, links followed, as Node names the files in them. */
const PACKAGES = import.meta.url.slice(0, import.meta.url.lastIndexOf('cli/src/'))

/** From now on imports between our sources, in this thread, lead where they say. Everything else is resolved by Node. */
export function resolveSourcesAsWritten(): void {
  const entries = new Map<string, ResolveFnOutput>()
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context
      if (!parentURL?.startsWith(PACKAGES)) return next(specifier, context)
      if (specifier.startsWith('.') && specifier.endsWith('.ts')) {
        return { url: new URL(specifier, parentURL).href, format: 'module-typescript', shortCircuit: true }
      }
      if (!specifier.startsWith('@promlet/')) return next(specifier, context)
      // Every package of the workspace sees the same ones.
      let entry = entries.get(specifier)
      if (entry === undefined) {
        entry = { ...next(specifier, context), shortCircuit: true }
        entries.set(specifier, entry)
      }
      return entry
    },
  })
}
