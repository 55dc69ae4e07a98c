import { describe, expect, test } from 'vitest'
import { parseListenAddress } from './listen-address.ts'

describe('a listen address', () => {
  const is = (text: string, host: string | RegExp, port: number) =>
    test(`${text} is port ${port} of ${host}`, () => {
      expect(parseListenAddress(text)).toEqual({ host: expect.stringMatching(host), port })
    })
  is('127.0.0.1:9090', /^127\.0\.0\.1$/, 9090)
  is('0.0.0.0:9090', /^0\.0\.0\.0$/, 9090)
  is(':9090', /^(::|0\.0\.0\.0)$/, 9090)
  is('[::1]:0', /^::1$/, 0)
  is('localhost:9090', /^localhost$/, 9090)

  for (const text of ['9090', '', '127.0.0.1', '127.0.0.1:', '127.0.0.1:http', '127.0.0.1:70000', '::1:9090']) {
    test(`${JSON.stringify(text)} is none`, () => expect(() => parseListenAddress(text)).toThrow('expected host:port'))
  }
})
