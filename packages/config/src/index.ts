export type { AlertingConfig, AlertmanagersConfig } from './alerting.ts'
export { type Changes, type ConfigDiff, diffConfigs, isSameConfig, remoteWriteKeys, ruleGroupKey } from './diff.ts'
export type { DiscoveryConfig, TargetGroupConfig } from './discovery.ts'
export type { GlobalConfig } from './global.ts'
export { defaultHttpClientConfig, type HttpClientConfig, type TlsConfig } from './http-client.ts'
export { loadPrometheusConfig, parsePrometheusConfig } from './load.ts'
export type { NameEscaping } from './name-escaping.ts'
export { ConfigError, formatProblem, type Problem } from './problem.ts'
export type { ConfigOptions, PrometheusConfig } from './prometheus.ts'
export type { RemoteReadConfig } from './remote-read.ts'
export type { QueueConfig, RemoteWriteConfig } from './remote-write.ts'
export { type AlertTest, type ExprTest, loadRuleTestFile, type RuleTestFile, type RuleTestGroup } from './rule-tests.ts'
export {
  type AlertingRuleConfig,
  loadRuleFile,
  type Position,
  parseRuleFile,
  type RecordingRuleConfig,
  type RuleConfig,
  type RuleFile,
  type RuleGroupConfig,
  type RuleOptions,
  type RulePosition,
} from './rules.ts'
export { formatSize, parseSize } from './schema/size.ts'
export type { ScrapeConfig, ScrapeHistograms, ScrapeLimits } from './scrape.ts'
export type { ScrapeProtocol } from './scrape-protocol.ts'
export type { StorageConfig } from './storage.ts'
export { parseTargetGroups } from './target-groups.ts'
export { type ClientAuth, loadWebConfig, parseWebConfig, type TlsVersion, type WebConfig, type WebTlsConfig } from './web-config.ts'
