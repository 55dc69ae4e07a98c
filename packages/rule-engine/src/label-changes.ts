import { compareText, Labels } from '@promlet/model'

/** Changes of labels that many sets go through: an empty value removes a label. */
export type LabelChanges = (labels: Labels) => Labels

/** Sorts the changes once, so that each set is one merge; of two changes to one name the later holds. */
export function compileChanges(pairs: Iterable<readonly [name: string, value: string]>): LabelChanges {
  const changes = [...new Map(pairs)].sort(([left], [right]) => compareText(left, right))
  const names = changes.map(([name]) => name)
  const values = changes.map(([, value]) => value)
  return (labels) => merge(labels, names, values)
}

function merge(labels: Labels, changedNames: readonly string[], changedValues: readonly string[]): Labels {
  const names: string[] = []
  const values: string[] = []
  let at = 0
  for (let index = 0; index < changedNames.length; index++) {
    const name = changedNames[index] as string
    let order = -1
    for (; at < labels.size; at++) {
      order = compareText(labels.names[at] as string, name)
      if (order >= 0) break
      names.push(labels.names[at] as string)
      values.push(labels.values[at] as string)
    }
    if (at < labels.size && order === 0) at++
    if (changedValues[index] === '') continue
    names.push(name)
    values.push(changedValues[index] as string)
  }
  for (; at < labels.size; at++) {
    names.push(labels.names[at] as string)
    values.push(labels.values[at] as string)
  }
  return Labels.fromSorted(names, values)
}
