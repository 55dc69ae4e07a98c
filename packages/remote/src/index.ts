export { RemoteError } from './error.ts'
export { fanOut } from './fan-out.ts'
export { createQueryClient, type QueryClient, type QueryClientOptions } from './query-client.ts'
export { ReadClient, type ReadClientOptions } from './read-client.ts'
export { createReadResponder, type ReadAnswer, type ReadResponder, type ReadResponderOptions } from './read-responder.ts'
export { type RemoteRead, type RemoteReadOptions, type RemoteReadSettings, startRemoteRead } from './remote-read.ts'
export { decodeSnappy, encodeSnappy } from './snappy.ts'
export { type RemoteWrite, type RemoteWriteOptions, type RemoteWriteSettings, startRemoteWrite } from './write-client.ts'
export {
  createWriteReceiver,
  type WriteAnswer,
  type WriteReceiver,
  type WriteReceiverOptions,
  type WriteRequest,
} from './write-receiver.ts'
