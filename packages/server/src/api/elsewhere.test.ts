import { defaultHttpClientConfig } from '@promlet/config'
import type { HttpRequest } from '@promlet/http'
import { describe, expect, test } from 'vitest'
import { bareServer, clientsOf } from '../../test/lab.ts'
import { askElsewhere } from './elsewhere.ts'

describe('a path of a component that runs elsewhere', () => {
  test('is asked for there, and the answer is passed on as it is', async () => {
    const asked: HttpRequest[] = []
    const text = '{"status":"success","data":{"groups":[]}}'
    const clients = clientsOf({ 'http://rules:9092/api/v1/rules?type=alert': text }, asked)
    const app = bareServer()
    app.get('/api/v1/rules', askElsewhere(clients(defaultHttpClientConfig), 'http://rules:9092'))
    const answer = await app.inject({ method: 'GET', url: '/api/v1/rules?type=alert' })
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([200, 'application/json', text])
    expect(asked).toHaveLength(1)
  })

  test('is 502 with who did not answer and why, when it does not', async () => {
    const app = bareServer()
    app.get('/api/v1/rules', askElsewhere(clientsOf({})(defaultHttpClientConfig), 'http://rules:9092'))
    const answer = await app.inject({ method: 'GET', url: '/api/v1/rules' })
    expect([answer.statusCode, answer.json()]).toEqual([
      502,
      {
        status: 'error',
        errorType: 'unavailable',
        error: 'http://rules:9092 did not answer: Get "http://rules:9092/api/v1/rules": connection refused',
      },
    ])
  })
})
