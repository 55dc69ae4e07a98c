// The schema layer. A file format is a table of fields: each reads its value from the file and prints it into the
// effective configuration. Problems are reported where they stand, and reading goes on, so that all come at once.

import type { YAMLSeq } from 'yaml'
import { nearName } from './near-name.ts'
import { type At, type Entry, entriesAt, fieldBelow, isEmpty, itemsAt, note, report, tagOf } from './yaml-file.ts'

/** How one field is read and printed. */
export interface Field<T> {
  /** The value when the file does not have the field; `at` is where it would stand. */
  missing(at: At): T
  /** The value when the field stands there without one: Go's zero value. */
  empty(at: At): T
  /** The value that stands there; what cannot be read is reported and gives the missing value. */
  read(at: At): T
  /** As it stands in the effective configuration; undefined leaves the field out. */
  print(value: T): Printable | undefined
}

export type Printable = string | number | boolean | null | YAMLSeq | readonly Printable[] | { readonly [name: string]: Printable }

export type Fields = Readonly<Record<string, Field<unknown>>>

/** Where a section stands in its file. */
export const place: unique symbol = Symbol('place')

/** Whether all of a section could be read, so that its values are worth holding against others. */
export const sound: unique symbol = Symbol('sound')

/** A section as read: its fields under the file's own names. */
export type Values<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never } & {
  readonly [place]: At
  readonly [sound]: boolean
}

function readPresent<T>(field: Field<T>, at: At): T {
  return isEmpty(at) ? field.empty(at) : field.read(at)
}

/**
 * A mapping with known fields. `check` sees the values when all of them could be read and reports what does not go
 * together. `goType` is the name that Prometheus's own messages give.
 */
export function section<F extends Fields>(goType: string, fields: F, check: (values: Values<F>) => void = () => {}): Field<Values<F>> {
  const names = Object.keys(fields)
  const readAll = (at: At, values: ReadonlyMap<string, At>): Values<F> => {
    const known = at.file.problems.length
    const read = names.map((name) => {
      const field = fields[name] as Field<unknown>
      const value = values.get(name)
      return [name, value === undefined ? field.missing(fieldBelow(at, name)) : readPresent(field, value)]
    })
    const isSound = at.file.problems.length === known
    const section = { ...Object.fromEntries(read), [place]: at, [sound]: isSound } as Values<F>
    if (isSound) check(section)
    return section
  }
  const missing = (at: At) => {
    const absent = names.map((name) => [name, (fields[name] as Field<unknown>).missing(fieldBelow(at, name))])
    return { ...Object.fromEntries(absent), [place]: at, [sound]: true } as Values<F>
  }
  return {
    missing,
    empty: (at) => readAll(at, new Map()),
    read(at) {
      const entries = entriesAt(at)
      if (entries !== undefined) return readAll(at, knownEntries(entries, names, goType))
      report(at, `cannot unmarshal ${tagOf(at)} into ${goType}; expected a mapping with fields such as ${names.slice(0, 3).join(', ')}`)
      return missing(at)
    },
    print: (values) => printSection(fields, values),
  }
}

function knownEntries(entries: readonly Entry[], names: readonly string[], goType: string): ReadonlyMap<string, At> {
  const found = new Map<string, At>()
  for (const { name, key, value } of entries) {
    if (!names.includes(name)) reportUnknown(key, name, names, goType)
    else if (found.has(name)) report(key, `field ${name} already set in type ${goType}`)
    else found.set(name, value)
  }
  return found
}

function reportUnknown(key: At, name: string, names: readonly string[], goType: string): void {
  if (key.file.options.ignoreUnknownFields === true) return
  const near = nearName(name, names)
  report(key, `field ${name} not found in type ${goType}${near === undefined ? '' : `; did you mean ${near}?`}`)
}

/** The fields that have something to print, in the table's order; undefined when none has. */
export function printSection<F extends Fields>(fields: F, values: Values<F>): { readonly [name: string]: Printable } | undefined {
  const printed = Object.entries(fields).flatMap(([name, field]) => {
    const value = field.print(values[name])
    return value === undefined ? [] : [[name, value] as const]
  })
  return printed.length === 0 ? undefined : Object.fromEntries(printed)
}

/** A list; `emptyItem` is what Prometheus says of an item without a value. */
export function list<T>(item: Field<T>, emptyItem?: string): Field<readonly T[]> {
  return {
    missing: () => [],
    empty: () => [],
    read(at) {
      const items = itemsAt(at)
      if (items === undefined) report(at, `cannot unmarshal ${tagOf(at)} into a list; expected a list, each item after a "- "`)
      return (items ?? []).flatMap((place) => {
        if (emptyItem === undefined || !isEmpty(place)) return [readPresent(item, place)]
        report(place, emptyItem)
        return []
      })
    },
    print: (values) => (values.length === 0 ? undefined : values.map((value) => item.print(value) ?? null)),
  }
}

/** A mapping from any names to values of one kind. */
export function mapOf<T>(item: Field<T>): Field<Readonly<Record<string, T>>> {
  return {
    missing: () => ({}),
    empty: () => ({}),
    read(at) {
      const entries = entriesAt(at)
      if (entries === undefined) report(at, `cannot unmarshal ${tagOf(at)} into a map; expected a mapping`)
      const found = new Map<string, T>()
      for (const { name, key, value } of entries ?? []) {
        if (found.has(name)) report(key, `key ${JSON.stringify(name)} already set in map`)
        else found.set(name, readPresent(item, value))
      }
      return Object.fromEntries(found)
    },
    print(values) {
      const names = Object.keys(values).sort()
      return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, item.print(values[name] as T) ?? null]))
    },
  }
}

/** A field that may be absent altogether. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    missing: () => undefined,
    empty: () => undefined,
    read: (at) => field.read(at),
    print: (value) => (value === undefined ? undefined : field.print(value)),
  }
}

/** A field with a further condition: `refuse` gives what is wrong with a value, or undefined. */
export function checked<T>(field: Field<T>, refuse: (value: T) => string | undefined): Field<T> {
  return {
    ...field,
    read(at) {
      const known = at.file.problems.length
      const value = field.read(at)
      const message = at.file.problems.length === known ? refuse(value) : undefined
      if (message !== undefined) report(at, message)
      return value
    },
  }
}

/** A field of Prometheus that Promlet reads and checks, and refuses when it asks for more than Go's zero value. */
export function notYet<T>(field: Field<T>, what: string): Field<T> {
  return {
    ...field,
    read(at) {
      const value = field.read(at)
      if (!isZero(value)) refuse(at, `not supported by Promlet (yet): ${what}`)
      return value
    },
  }
}

function isZero(value: unknown): boolean {
  return value === undefined || value === false || value === 0 || value === '' || (Array.isArray(value) && value.length === 0)
}

/** A field of Prometheus that Promlet accepts and that changes nothing here. */
export function noEffect<T>(field: Field<T>, why: string): Field<T> {
  return {
    ...field,
    read(at) {
      note(at, `has no effect in Promlet: ${why}`)
      return field.read(at)
    },
  }
}

/** A field of Prometheus that Promlet will not have; its contents are not looked at. */
export function leftOut(why: string): Field<undefined> {
  return { missing: () => undefined, empty: () => undefined, read: (at) => void refuse(at, why), print: () => undefined }
}

function refuse(at: At, message: string): void {
  if (at.file.options.unsupported === 'note') note(at, message)
  else report(at, message)
}
