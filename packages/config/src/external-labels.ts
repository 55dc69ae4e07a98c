import type { LabelSet } from './label-set.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** `$$`, `${name}`, `$name`, and what Go's os.Expand makes of broken ones: `${` and `${}` vanish. */
const REFERENCE = /\$(?:\{([*#$@!?\-0-9])\}|\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|([A-Za-z0-9_]+))/g

/**
 * Replaces references to environment variables in label values, as Prometheus does for external labels; `$$` is a
 * dollar. `missing` hears the names of variables that are not set or empty.
 */
export function expandLabels(labels: LabelSet, environment: Environment, missing: (name: string) => void): LabelSet {
  const expand = (value: string) =>
    value.replace(REFERENCE, (_, special?: string, braced?: string, broken?: string, shell?: string, plain?: string) => {
      if (broken !== undefined || braced === '') return ''
      const name = special ?? braced ?? shell ?? plain ?? ''
      if (name === '$') return '$'
      const found = environment[name] ?? ''
      if (found === '') missing(name)
      return found
    })
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, expand(value)]))
}
