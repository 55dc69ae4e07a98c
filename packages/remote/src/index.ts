export { RemoteError } from './error.ts'
export { decodeSnappy, encodeSnappy } from './snappy.ts'
export {
  createWriteReceiver,
  type WriteAnswer,
  type WriteReceiver,
  type WriteReceiverOptions,
  type WriteRequest,
} from './write-receiver.ts'
