import type { Random } from '../random.ts'
import { type Municipality, municipalities } from '../words/municipalities.ts'
import { states } from '../words/states.ts'
import { districtNames, districtTypes, highways, plainDistricts, streetNames, streetTypes } from '../words/vocabulary.ts'

/** As the ERP keeps it: raw, with the sloppiness of people who type. */
export interface Address {
  readonly street: string
  /** The ERP's column is an integer: no number is null or 0, and some people write S/N behind the street. */
  readonly number: number | null
  readonly complement: string | null
  readonly district: string
  /** 8 digits, `01310-100`, or 7 digits where a leading zero was lost. */
  readonly zip: string
  /** Place in `municipalities`. */
  readonly city: number
}

/** A state's weight is shared out among its places as 1, 1/2, 1/3...: few large cities, many small ones. */
const cumulativeWeights = ((): number[] => {
  const weightOf = new Map(states.map((state) => [state.code, state.weight]))
  const seen = new Map<string, number>()
  const total = new Map<string, number>()
  const ranks = municipalities.map(({ state }) => {
    const rank = (seen.get(state) ?? 0) + 1
    seen.set(state, rank)
    total.set(state, (total.get(state) ?? 0) + 1 / rank)
    return rank
  })
  let sum = 0
  return municipalities.map(({ state }, place) => {
    sum += weightOf.get(state)! / ranks[place]! / total.get(state)!
    return sum
  })
})()

export const drawCity = (random: Random): number => random.place(cumulativeWeights)

const compass = ['Norte', 'Sul', 'Leste', 'Oeste'] as const
const letters = 'ABCDEF'

function drawComplement(random: Random): string | null {
  if (random.chance(52)) return null
  const number = random.between(1, 40)
  switch (random.below(10)) {
    case 0:
      return `Sala ${100 + number}`
    case 1:
      return `SALA ${number}`
    case 2:
      return `Galpão ${letters[random.below(6)]}`
    case 3:
      return `Bloco ${letters[random.below(6)]} - Apto ${100 * random.between(1, 9) + random.between(1, 4)}`
    case 4:
      return 'Fundos'
    case 5:
      return `Loja ${number} `
    case 6:
      return `Qd. ${number} Lt. ${random.between(1, 30)}`
    case 7:
      return `${number}º andar`
    case 8:
      return "Próx. à caixa d'água"
    default:
      return 'TÉRREO'
  }
}

function drawDistrict(random: Random): string {
  if (random.chance(40)) return random.pick(plainDistricts)
  return `${random.pick(districtTypes)} ${random.pick(districtNames)}`
}

function drawZip(random: Random, place: Municipality): string {
  const zip = String(random.between(place.firstZip, place.lastZip)).padStart(8, '0')
  if (random.chance(12)) return `${zip.slice(0, 5)}-${zip.slice(5)}`
  return zip.startsWith('0') && random.chance(15) ? zip.slice(1) : zip
}

/** An address in municipality number `city`. */
export function drawAddress(random: Random, city: number): Address {
  const place = municipalities[city]!
  const rest = { complement: drawComplement(random), district: drawDistrict(random), zip: drawZip(random, place), city }
  if (random.chance(4)) {
    return { ...rest, street: `Rodovia ${random.pick(highways)}, km ${random.between(2, 890)}`, number: random.chance(50) ? 0 : null }
  }
  const tail = random.chance(3) ? ` ${random.pick(compass)}` : ''
  const street = `${random.pick(streetTypes)} ${random.pick(streetNames)}${tail}`
  const number = drawNumber(random)
  return { ...rest, street: number === null && random.chance(40) ? `${street}, S/N` : street, number }
}

export function drawNumber(random: Random): number | null {
  const kind = random.below(100)
  if (kind < 5) return null
  if (kind < 7) return 0
  return random.chance(80) ? random.between(1, 2_500) : random.between(2_501, 19_000)
}
