export { parseTargetGroups } from '@promlet/config'
export { type Discovery, type DiscoveryConfigs, type DiscoveryOptions, startDiscovery, type TargetGroups } from './discovery.ts'
export { ADDRESS, type TargetGroup } from './target-group.ts'
