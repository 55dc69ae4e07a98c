export {
  type HttpClient,
  type HttpClientFactory,
  type HttpClientOptions,
  HttpError,
  type HttpRequest,
  type HttpResponse,
} from './client.ts'
export { createHttpClientFactory } from './client-factory.ts'
