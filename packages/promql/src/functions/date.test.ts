import { expect, test } from 'vitest'
import { dateFunctions } from './date.ts'

const partOf = (name: string, seconds: number) => dateFunctions.get(name)?.(seconds)

const partsOf = (seconds: number) => [...dateFunctions.keys()].map((name) => partOf(name, seconds))

test('a date has its parts in UTC', () => {
  const leapDay = Date.UTC(2024, 1, 29, 23, 59) / 1000
  expect(partOf('year', leapDay)).toBe(2024)
  expect(partOf('month', leapDay)).toBe(2)
  expect(partOf('day_of_month', leapDay)).toBe(29)
  expect(partOf('day_of_year', leapDay)).toBe(60)
  expect(partOf('day_of_week', leapDay)).toBe(4)
  expect(partOf('days_in_month', leapDay)).toBe(29)
  expect(partOf('hour', leapDay)).toBe(23)
  expect(partOf('minute', leapDay)).toBe(59)
})

test('the fraction of a second is cut off, before 1970 too', () => {
  expect(partOf('year', -0.5)).toBe(1970)
  expect(partOf('year', -1)).toBe(1969)
})

test('the first century is not the twentieth', () => {
  const leapYear = new Date(0).setUTCFullYear(68, 11, 31) / 1000
  expect(partOf('year', leapYear)).toBe(68)
  expect(partOf('day_of_year', leapYear)).toBe(366)
  const century = new Date(0).setUTCFullYear(0, 1, 1) / 1000
  expect(partOf('days_in_month', century)).toBe(29)
})

test('on both sides of where dates of JavaScript end, the calendar is the same', () => {
  const cycle = 146_097 * 86_400
  for (const edge of [8.6e12, -8.6e12]) {
    const inside = edge - Math.sign(edge) * 86_400 * 3.3
    const outside = inside + Math.sign(edge) * cycle
    expect(partsOf(outside).slice(0, -1)).toEqual(partsOf(inside).slice(0, -1))
    expect(partOf('year', outside)).toBe((partOf('year', inside) ?? 0) + Math.sign(edge) * 400)
  }
})

test('what is no time is a date all the same, as in Prometheus', () => {
  expect(partsOf(Number.NaN)).toEqual(partsOf(Number.POSITIVE_INFINITY))
  expect(partsOf(Number.NaN).every(Number.isInteger)).toBe(true)
})
