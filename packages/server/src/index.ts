export { PROMETHEUS_VERSION } from './api/status.ts'
export { type FeatureFlags, readFeatureFlags } from './feature-flags.ts'
export { type Live, StackError } from './live.ts'
export {
  COMPONENTS,
  type ComponentName,
  defaultSettings,
  type PushgatewaySettings,
  type QuerySettings,
  type RuleSettings,
  type StackSettings,
  type StorageSettings,
  type WebSettings,
} from './settings.ts'
export { type Stack, type StackOptions, startStack } from './stack.ts'
