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
        if (labels.has(name)) report(key, `key ${quote(name)} already set in map`)
        if (!isValidName(name)) report(key, `${quote(name)} is not a valid label name`)
        if (!found.isWellFormed()) report(place, `${quote(found)} is not a valid label value`)
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
