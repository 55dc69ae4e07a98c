import type { Family } from '@promlet/exposition'
import { checkPush, joinProblems, type OwnFamily } from './consistency.ts'
import { PushgatewayError } from './error.ts'
import type { Groups, Push } from './groups.ts'
import { verifyAll } from './verification.ts'

export interface IntakeOptions {
  readonly groups: Groups
  readonly own: OwnFamily
  readonly utf8Names: boolean
  /** False takes everything (`--push.disable-consistency-check`). */
  readonly checksPushes: boolean
  /** Called after each change of a group. */
  changed(): void
}

/** Lets pushes into the groups, whole or not at all, and knows whether the groups can be exposed. */
export class Intake {
  readonly groups: Groups
  readonly #options: IntakeOptions
  /** What is wrong with the groups together, as of `#verified`; looked at only where it can be wrong. */
  #problems: readonly string[]
  #verified: number
  #mayBeWrong: boolean

  /** `options.groups` may hold what another run left behind. */
  constructor(options: IntakeOptions) {
    this.groups = options.groups
    this.#options = options
    this.#problems = verifyAll(options.groups, options.own)
    this.#verified = options.groups.structure
    this.#mayBeWrong = !options.checksPushes || this.#problems.length > 0
  }

  /**
   * Takes one push. Metrics with timestamps, and unless checks are off what contradicts other metrics, are refused,
   * which the group remembers as the time of its last failure.
   * @throws PushgatewayError `inconsistent` with the original's text.
   */
  push(push: Push): void {
    const { groups } = this
    const problem = findTimestamp(push.families) ? 'pushed metrics must not have timestamps' : undefined
    const planned = problem === undefined ? groups.plan(push) : []
    const problems = problem !== undefined ? [problem] : this.#options.checksPushes ? checkPush(groups, push, planned, this.#options) : []
    if (problems.length === 0) groups.apply(push, planned)
    else groups.fail(push)
    this.#options.changed()
    if (problems.length > 0) {
      throw new PushgatewayError(
        'inconsistent',
        `pushed metrics are invalid or inconsistent with existing metrics: ${joinProblems(problems)}`,
      )
    }
  }

  delete(key: string): void {
    this.groups.delete(key)
    this.#options.changed()
  }

  wipe(): void {
    this.groups.wipe()
    this.#options.changed()
  }

  /** What keeps the groups from being exposed; undefined when nothing does. */
  problem(): string | undefined {
    if (this.#mayBeWrong && this.#verified !== this.groups.structure) {
      this.#problems = verifyAll(this.groups, this.#options.own)
      this.#verified = this.groups.structure
    }
    return this.#problems.length === 0 ? undefined : joinProblems(this.#problems)
  }
}

function findTimestamp(families: readonly Family[]): boolean {
  return families.some(({ metrics }) => metrics.some(({ timestampMs }) => timestampMs !== undefined))
}
