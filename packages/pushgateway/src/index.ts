export { PushgatewayError } from './error.ts'
export { type InjectedRequest, type Pushgateway, type PushgatewayOptions, startPushgateway } from './gateway.ts'
