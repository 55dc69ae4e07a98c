import { isValidName, quote } from '@promlet/model'
import type { Field } from './schema/field.ts'
import { text } from './schema/scalar.ts'
import { entriesAt, isEmpty, report, tagOf } from './schema/yaml-file.ts'

/** Label names and values as they stand in a file. */
export type LabelSet = Readonly<Record<string, string>>

/** A mapping from label names to label values, each a text of whole characters. */
export function labelSet(): Field<LabelSet> {
  const value = text()
  return {
    missing: () => ({}),
    empty: () => ({}),
    read(at) {
      const entries = entriesAt(at)
      if (entries === undefined)
        report(at, `cannot unmarshal ${tagOf(at)} into map[string]string; expected a mapping of label names to values`)
      const labels = new Map<string, string>()
      for (const { name, key, value: place } of entries ?? []) {
        const found = isEmpty(place) ? '' : value.read(place)
        if (labels.has(name)) report(key, `key ${quoteBytes(name)} already set in map`)
        if (!isValidName(name)) report(key, `${quoteBytes(name)} is not a valid label name`)
        if (!found.isWellFormed()) report(place, `${quoteBytes(found)} is not a valid label value`)
        labels.set(name, found)
      }
      return Object.fromEntries(labels)
    },
    print(labels) {
      const names = Object.keys(labels).sort()
      return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, labels[name] as string]))
    },
  }
}

/** As Go quotes it; a byte that is no UTF-8, read as a lone surrogate, is shown as that byte. */
function quoteBytes(found: string): string {
  const parts = found.split(/(?<![\ud800-\udbff])([\udc80-\udcff])/)
  const quoted = parts.map((part, index) => (index % 2 === 0 ? quote(part).slice(1, -1) : `\\x${(part.charCodeAt(0) & 0xff).toString(16)}`))
  return `"${quoted.join('')}"`
}
