import uPlot from 'uplot'
import type { Matrix } from './api.ts'
import { element, seriesText } from './dom.ts'
import { axisTexts } from './time-text.ts'

const COLOURS = ['#d4572a', '#2a7fd4', '#2f9e62', '#9a5fd0', '#c9931a', '#d0447d', '#1aa3a3', '#7a7f2a', '#8c5a3c', '#5b6cc9']
const SERIES_MAX = 200
const HEIGHT = 360

/** A line chart of a range answer on the grid of its steps; gaps stay gaps. `start`, `end` and `step` are in seconds. */
export function chart({ result }: Matrix, start: number, end: number, step: number): HTMLElement {
  const shown = result.slice(0, SERIES_MAX)
  const count = Math.floor((end - start) / step + 1e-9) + 1
  const times = Float64Array.from({ length: count }, (_, index) => start + index * step)
  const columns = shown.map(({ values = [] }) => {
    const column: (number | null)[] = new Array(count).fill(null)
    for (const [at, value] of values) column[Math.round((at - start) / step)] = finite(value)
    return column
  })
  const box = element('div', {})
  const plot = new uPlot(options(shown.length), [times, ...columns] as unknown as uPlot.AlignedData, box)
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box)
  const cut =
    result.length > SERIES_MAX
      ? element('div', { class: 'pad quiet' }, `The first ${SERIES_MAX} of ${result.length} series are drawn.`)
      : undefined
  return element('div', { class: 'card' }, box, cut, legend(plot, shown))
}

function finite(text: string): number | null {
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

function options(seriesCount: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const axis = {
    stroke: style.getPropertyValue('--quiet'),
    grid: { stroke: style.getPropertyValue('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: 800,
    height: HEIGHT,
    padding: [16, 16, 0, 8],
    cursor: { focus: { prox: 24 } },
    focus: { alpha: 0.25 },
    axes: [
      { ...axis, size: 52, space: 72, values: (_plot, times, _axis, _space, step) => [...axisTexts(times, step)] },
      { ...axis, size: 72, values: (_, ticks) => ticks.map(short) },
    ],
    series: [
      {},
      ...Array.from({ length: seriesCount }, (_, index) => ({
        stroke: colour(index),
        width: 1.6,
        points: { show: undefined as unknown as boolean, size: 4 },
      })),
    ],
  }
}

function legend(plot: uPlot, shown: Matrix['result']): HTMLElement {
  const rows = shown.map(({ metric }, index) => {
    const row = element(
      'button',
      {
        type: 'button',
        'aria-pressed': 'true',
        onclick: () => {
          const show = row.getAttribute('aria-pressed') !== 'true'
          row.setAttribute('aria-pressed', String(show))
          plot.setSeries(index + 1, { show })
        },
        onmouseenter: () => plot.setSeries(index + 1, { focus: true }),
        onmouseleave: () => plot.setSeries(null, { focus: false }),
      },
      element('span', { class: 'swatch', style: `background:${colour(index)}` }),
      seriesText(metric),
    )
    return row
  })
  return element('div', { class: 'legend' }, ...rows)
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] as string
}

/** An axis number with the usual prefixes. */
function short(value: number): string {
  const size = Math.abs(value)
  for (const [unit, factor] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (size >= factor) return `${Number((value / factor).toPrecision(4))}${unit}`
  }
  return size !== 0 && size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(4)))
}
