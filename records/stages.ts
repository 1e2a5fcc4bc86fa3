/** The funnel as the ERP's table of stages spells it: every spelling of every stage, no name in code. */

/** One spelling of one stage. */
export interface StageAlias {
  readonly alias: string
  readonly name: string
  readonly position: number
  readonly integrated: boolean
  readonly sold: boolean
}

export interface Stages {
  /** The stage that this text names, whatever its spelling; null: unknown, a warning for that lead only. */
  find(text: string | null): StageAlias | null
  isIntegrated(text: string | null): boolean
  /** Sold, or further. */
  isSold(text: string | null): boolean
}

export function stagesOf(aliases: readonly StageAlias[]): Stages {
  const byKey = new Map(aliases.map((stage) => [keyOf(stage.alias), stage]))
  const find = (text: string | null) => (text === null ? null : (byKey.get(keyOf(text)) ?? null))
  const soldFrom = Math.min(...aliases.filter(({ sold }) => sold).map(({ position }) => position))
  return {
    find,
    isIntegrated: (text) => find(text)?.integrated ?? false,
    isSold: (text) => (find(text)?.position ?? Number.NEGATIVE_INFINITY) >= soldFrom,
  }
}

/** No-break spaces and blanks at the ends are a matter of spelling; so is the case. */
const keyOf = (text: string): string => text.replaceAll('\u00a0', ' ').trim().normalize('NFC').toLowerCase()
