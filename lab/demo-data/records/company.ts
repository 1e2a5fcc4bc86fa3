import type { Random } from '../random.ts'
import { fantasyNames, longTails, type Sector, sectors, suffixes, UNKNOWN_SECTOR } from '../words/sectors.ts'
import { surnames } from '../words/vocabulary.ts'
import { plainWord } from './people.ts'

export interface Company {
  readonly name: string
  readonly tradingName: string
  readonly sector: Sector
  /** `metalurgicaandrade.com.br` */
  readonly domain: string
}

export const drawSector = (random: Random): Sector => (random.chance(3) ? UNKNOWN_SECTOR : random.pick(sectors))

/** The ERP's columns end at 100 characters, one of which `typed` may need. */
export const cutName = (name: string): string => name.slice(0, 99).trimEnd()

/** How the ERP's people typed it: mostly upper case, sometimes with a blank left over. */
function typed(random: Random, name: string): string {
  const cased = random.chance(70) ? name.toUpperCase() : name
  return random.chance(3) ? `${cased} ` : cased
}

function drawTradingName(random: Random, sector: Sector): string {
  const opening = random.pick(sector.openings)
  const kind = random.below(100)
  if (kind < 45) return `${opening} ${random.pick(surnames)}`
  if (kind < 58) return `${opening} ${random.pick(surnames)} & ${random.pick(surnames)}`
  if (kind < 62) return `${opening} "${random.pick(fantasyNames)}"`
  if (kind < 66) return `${random.pick(surnames)} & Irmãos ${opening}`
  return `${opening} ${random.pick(fantasyNames)}`
}

export function drawCompany(random: Random): Company {
  const sector = drawSector(random)
  const tradingName = drawTradingName(random, sector)
  const tail = random.chance(14) ? ` ${random.pick(longTails)}` : ''
  const name = typed(random, cutName(`${tradingName}${tail} ${random.pick(suffixes)}`))
  return { name, tradingName: tradingName.toUpperCase(), sector, domain: `${plainWord(tradingName).slice(0, 24)}.com.br` }
}
