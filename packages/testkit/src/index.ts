export { type FakeAnswer, FakeNetwork, type FakeTarget, type Notification } from './fake-network.ts'
export { type QueryResult, startTestStack, type TestStack, type TestStackOptions } from './test-stack.ts'
