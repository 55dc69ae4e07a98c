import type { Labels } from '@promlet/model'

/** Writes the label sets of one answer as JSON objects. Names and most values are those of the series before: each is quoted once. */
export class LabelsJson {
  readonly #quoted = new Map<string, string>()

  /** In label order. */
  of({ names, values }: Labels): string {
    let json = '{'
    for (let index = 0; index < names.length; index++) {
      json += `${index === 0 ? '' : ','}${this.#quote(names[index] as string)}:${this.#quote(values[index] as string)}`
    }
    return `${json}}`
  }

  #quote(text: string): string {
    let quoted = this.#quoted.get(text)
    if (quoted === undefined) {
      quoted = JSON.stringify(text)
      this.#quoted.set(text, quoted)
    }
    return quoted
  }
}

/** One label set as a JSON object, in label order. */
export function labelsJson(labels: Labels): string {
  return new LabelsJson().of(labels)
}
