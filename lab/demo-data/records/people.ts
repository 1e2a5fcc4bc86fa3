import type { Random } from '../random.ts'
import { freeJobTitles, givenNames, jobTitles, middleNames, surnames } from '../words/vocabulary.ts'

export interface Person {
  readonly name: string
  /** Given name and last surname, plain lower-case letters: the left side of an e-mail. */
  readonly mailbox: string
}

/** Lower-case ASCII letters and digits of a word. */
export const plainWord = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[^A-Za-z0-9]/g, '')
    .toLowerCase()

const plain = new Map([...givenNames, ...surnames].map((word) => [word as string, plainWord(word)]))

export function drawPerson(random: Random): Person {
  const given = random.pick(givenNames)
  const last = random.pick(surnames)
  const middle = random.chance(25) ? ` ${random.pick(middleNames)}` : ''
  const inner = random.chance(55) ? ` ${random.pick(surnames)}` : ''
  const tail = random.chance(4) ? ' Filho' : random.chance(3) ? ' Júnior' : ''
  const name = `${given}${middle}${inner} ${last}${tail}`
  return { name: random.chance(30) ? name.toUpperCase() : name, mailbox: `${plain.get(given)}.${plain.get(last)}` }
}

/** Either a code of CONTACT_JOB_TITLES (1 and up), or free text, or neither; the view prefers the free text. */
export function drawJobTitle(random: Random): { code: number | null; text: string | null } {
  const kind = random.below(100)
  if (kind < 55) return { code: random.between(1, jobTitles.length), text: null }
  if (kind < 85) return { code: null, text: random.pick(freeJobTitles) }
  if (kind < 93) return { code: random.between(1, jobTitles.length), text: random.pick(freeJobTitles) }
  return { code: null, text: null }
}

/** A telephone of the area: mobile numbers have 9 digits, land lines 8; typed in the ways people type them. */
export function drawPhone(random: Random, areaCode: string): string {
  const mobile = random.chance(45)
  const local = mobile ? `9${random.between(6, 9)}${random.digits(7)}` : `${random.between(2, 5)}${random.digits(7)}`
  const kind = random.below(100)
  if (kind < 70) return areaCode + local
  if (kind < 82) return `55${areaCode}${local}`
  return `(${areaCode}) ${local.slice(0, -4)}-${local.slice(-4)}`
}
