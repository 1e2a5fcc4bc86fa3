/** What an experiment is, and how it reports. */
import type { Cluster } from './databases.ts'

/** Events counted by their ids: `in` were fed, `out` have exactly their effect, `doubled` effects came on top, `lost` have none or a stale one. */
export interface Figures {
  readonly in: number
  readonly out: number
  readonly doubled: number
  readonly lost: number
}

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly saw: string
}

/** Why a machine cannot do it and what would make it possible, in one line; null: it can. */
export type Need = () => string | null

export interface Experiment {
  readonly number: number
  readonly title: string
  readonly needs: readonly Need[]
  /** Does the harm and counts. What must hold besides the figures is told to `context.check`. */
  run(context: ExperimentContext): Promise<Figures & { readonly did: string }>
}

export interface ExperimentContext {
  /** Empty, its own, removed afterwards. */
  readonly folder: string
  /** The compiled command, `dist/cli/main.js`. */
  readonly main: string
  readonly cluster: Cluster
  readonly seed: number
  /** From 0 (included) to 1, the same for the same seed. */
  readonly random: () => number
  /** The full counts. */
  readonly long: boolean
  check(name: string, ok: boolean, saw: string): void
  /** A part that this machine cannot do: named in the report. */
  leaveOut(part: string, why: string): void
  /** Runs when the experiment has ended, the last one first. */
  onEnd(clean: () => unknown): void
}

export const sum = (...all: readonly Figures[]): Figures => {
  const total = (name: keyof Figures) => all.reduce((so, one) => so + one[name], 0)
  return { in: total('in'), out: total('out'), doubled: total('doubled'), lost: total('lost') }
}
