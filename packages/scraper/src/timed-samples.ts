import type { Appender, Millis } from '@promlet/model'

/** Samples that came with a time of their own, column by column. */
export class TimedSamples {
  count = 0
  #slots = new Int32Array(16)
  #times = new Float64Array(16)
  #values = new Float64Array(16)

  push(slot: number, at: Millis, value: number): void {
    if (this.count === this.#slots.length) this.#grow()
    this.#slots[this.count] = slot
    this.#times[this.count] = at
    this.#values[this.count] = value
    this.count++
  }

  #grow(): void {
    const room = this.count * 2
    const slots = new Int32Array(room)
    const times = new Float64Array(room)
    const values = new Float64Array(room)
    slots.set(this.#slots)
    times.set(this.#times)
    values.set(this.#values)
    this.#slots = slots
    this.#times = times
    this.#values = values
  }

  write(appender: Appender, slots: { ref(slot: number): number }): void {
    for (let index = 0; index < this.count; index++) {
      appender.append(slots.ref(this.#slots[index] as number), this.#times[index] as number, this.#values[index] as number)
    }
  }
}
