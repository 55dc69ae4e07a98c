import { type Answer, formatHistogram, formatValue, type Histogram, type Millis, type SeriesColumns } from '@promlet/model'

/** An answer as promtool prints it: a line per series, `labels => value @[time]`. Empty when there is no series. */
export function answerText({ value }: Pick<Answer, 'value'>): string {
  switch (value.kind) {
    case 'scalar':
      return `scalar: ${pointText(value.value, undefined, value.at)}`
    case 'string':
      return value.value
    case 'vector':
      return value.samples
        .map((sample) => `${seriesText(sample.labels)} => ${pointText(sample.value, sample.histogram, sample.at)}`)
        .join('\n')
    case 'matrix':
      return value.series.map(matrixText).join('\n')
  }
}

function matrixText({ labels, times, values, histograms }: SeriesColumns): string {
  const lines = Array.from(times, (at, index) => pointText(values[index] as number, histograms?.[index], at))
  return [`${seriesText(labels)} =>`, ...lines].join('\n')
}

function pointText(value: number, histogram: Histogram | undefined, at: Millis): string {
  return `${histogram === undefined ? formatValue(value) : formatHistogram(histogram)} @[${at / 1000}]`
}

function seriesText(labels: SeriesColumns['labels']): string {
  const rest = labels.without('__name__')
  return rest.size === 0 && labels.metricName !== '' ? labels.metricName : `${labels.metricName}${rest}`
}
