import { describe, expect, test } from 'vitest'
import { escapeName, unescapeName } from './name-escaping.ts'

describe('escapeName', () => {
  const is = (name: string, underscores: string, dots: string, values: string) =>
    test(`${name} is ${underscores}, ${dots} and ${values}`, () => {
      expect(escapeName(name, 'allow-utf-8')).toBe(name)
      expect(escapeName(name, 'underscores')).toBe(underscores)
      expect(escapeName(name, 'dots')).toBe(dots)
      expect(escapeName(name, 'values')).toBe(values)
    })
  is('up', 'up', 'up', 'up')
  is('job:up:sum', 'job:up:sum', 'job:up:sum', 'job:up:sum')
  is('http_requests', 'http_requests', 'http__requests', 'http_requests')
  is('http.status', 'http_status', 'http_dot_status', 'U__http_2e_status')
  is('service.a_b', 'service_a_b', 'service_dot_a__b', 'U__service_2e_a__b')
  is('1st', '_st', '__st', 'U___31_st')
  is('größe😀', 'gr__e_', 'gr____e__', 'U__gr_f6__df_e_1f600_')
})

describe('unescapeName', () => {
  const is = (escaped: string, name: string) => test(`${escaped} is ${name}`, () => expect(unescapeName(escaped)).toBe(name))
  is('U__http_2e_status', 'http.status')
  is('U__a__b', 'a_b')
  is('U__gr_f6__df_e_1f600_', 'größe😀')
  is('http_2e_status', 'http_2e_status')
  is('U__open_2e', 'U__open_2e')
  is('U__no_hex_', 'U__no_hex_')
  is('U__half_d83d_', 'U__half_d83d_')
})
