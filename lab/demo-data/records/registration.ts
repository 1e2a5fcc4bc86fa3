import type { Random } from '../random.ts'
import { states } from '../words/states.ts'

const masks = new Map(states.map((state) => [state.code, state.registration]))

/**
 * A state registration as the ERP keeps it: in the state's mask, in bare digits, in some spelling of exempt, empty, or missing
 *. @param state two letters @param isPerson people are exempt
 */
export function drawRegistration(random: Random, state: string, isPerson: boolean): string | null {
  const kind = isPerson ? random.between(70, 99) : random.below(100)
  if (kind >= 96) return null
  if (kind >= 93) return ''
  if (kind >= 70) return random.pick(['ISENTO', 'ISENTO', 'ISENTO', 'Isento', 'ISENTO ', 'EXEMPT', '99'])
  const masked = masks.get(state)!.replace(/9/g, () => String(random.below(10)))
  // A first digit of 0 is common, an all-zero number is not a registration.
  const number = /[1-9]/.test(masked) ? masked : masked.replace('0', '1')
  if (kind < 40) return number
  return kind < 67 ? number.replace(/\D/g, '') : ` ${number} `
}
