export { ALERT_PREAMBLE, type AlertData, alertData } from './alert-data.ts'
export { TemplateError } from './error.ts'
export { createExpander, type Expander, type ExpanderOptions, type Expansion } from './expand.ts'
export { graphLink, prometheusFunctions, queryResult, tableLink } from './functions.ts'
export type { Limits } from './limits.ts'
export type { Tree, Trees } from './parse.ts'
export type { MissingKey } from './run.ts'
export { parseTemplate, type Template, type TemplateOptions } from './template.ts'
export { durationValue, timeValue } from './time.ts'
export {
  anyDict,
  anyParameter,
  type Dict,
  type Environment,
  type FunctionMap,
  floatParameter,
  type Host,
  type Html,
  intParameter,
  type List,
  list,
  namedParameter,
  type Parameter,
  type Struct,
  stringDict,
  stringParameter,
  struct,
  type TemplateFunction,
  type Value,
} from './value.ts'
