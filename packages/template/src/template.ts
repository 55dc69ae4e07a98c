import { builtins } from './builtins.ts'
import { escapers } from './html.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { parse, type Trees } from './parse.ts'
import { type MissingKey, run } from './run.ts'
import type { Environment, FunctionMap, Value } from './value.ts'

export interface TemplateOptions {
  /** Names the template in messages, and is the name under which it can be called. */
  readonly name: string
  readonly text: string
  /** Beside the functions of every Go template. */
  readonly functions?: FunctionMap
  /** Templates that the text may call; its own definitions win. */
  readonly library?: Trees
  /** Escape what actions print for the place in HTML where they stand. */
  readonly html?: boolean
  readonly missingKey?: MissingKey
  readonly limits?: Partial<Limits>
}

/** A parsed template, ready to be run many times. */
export interface Template {
  readonly name: string
  /** Its definitions, to be the `library` of another. */
  readonly trees: Trees
  /** @throws TemplateError `execute` or `limit` */
  run(data: Value, environment: Environment): string
}

/** @throws TemplateError `parse` */
export function parseTemplate(options: TemplateOptions): Template {
  const functions: FunctionMap = new Map([...builtins, ...(options.functions ?? [])])
  const parsed = parse(options.name, options.text, (name) => functions.has(name))
  const trees: Trees = new Map([...(options.library ?? []), ...parsed])
  const limits = { ...defaultLimits, ...options.limits }
  const print = options.html === true ? escapers(options.name, trees) : undefined
  const { name, missingKey = 'default' } = options
  return {
    name,
    trees,
    run: (data, environment) => run({ name, trees, functions, environment, missingKey, limits, ...(print && { print }) }, data),
  }
}
