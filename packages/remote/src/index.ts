export { RemoteError } from './error.ts'
export { fanOut } from './fan-out.ts'
export { createQueryClient, type QueryClient, type QueryClientOptions } from './query-client.ts'
export { decodeSnappy, encodeSnappy } from './snappy.ts'
export { type RemoteWrite, type RemoteWriteOptions, type RemoteWriteSettings, startRemoteWrite } from './write-client.ts'
export {
  createWriteReceiver,
  type WriteAnswer,
  type WriteReceiver,
  type WriteReceiverOptions,
  type WriteRequest,
} from './write-receiver.ts'
