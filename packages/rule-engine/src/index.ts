export { type RuleEngine, type RuleEngineConfig, type RuleEngineOptions, startRuleEngine } from './engine.ts'
export { RuleError } from './error.ts'
export { type DuplicateRule, describeDuplicates, duplicateRules } from './lint.ts'
export {
  type AlertmanagerStatus,
  type Notifier,
  type NotifierConfig,
  type NotifierOptions,
  startNotifier,
} from './notifier/notifier.ts'
export { type RuleChecks, ruleChecks } from './rule-checks.ts'
export type { AlertingRuleStatus, AlertStatus, RecordingRuleStatus, RuleGroupStatus, RuleStatus } from './status.ts'
export { type RuleTestOptions, type RuleTestResult, type RuleTestStack, runRuleTests } from './unit-test.ts'
