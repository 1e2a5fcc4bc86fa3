import type { Settings } from '../options.ts'
import type { Role } from '../plan.ts'
import { Random, streams } from '../random.ts'
import { drawJobTitle, drawPerson, drawPhone } from './people.ts'

export interface Contact {
  readonly code: number
  readonly name: string
  readonly email: string | null
  readonly phone: string | null
  readonly jobTitleCode: number | null
  readonly jobTitle: string | null
  /** False: typed in without its branch, invisible to the view. */
  readonly hasBranch: boolean
  readonly isPrimary: 'S' | 'N' | null
  /** CRM person id. */
  readonly crmId: number | null
}

export const MOST_CONTACTS = 4
const FIRST_PERSON_ID = 5_000_001

/** Of a hundred branches so many have 0, 1, 2, 3, 4 contacts. */
const COUNTS = [15, 50, 78, 92, 100]
/** Accounting offices that serve many clients with one e-mail address. */
const offices = [
  'escritoriocentral',
  'contabilmineira',
  'prisma',
  'irmaoslima',
  'exata',
  'paulistana',
  'confianca',
  'valedosinos',
  'nortesul',
  'apoio',
]

/** `freemail`: small companies write from public mail, the others from their own domain. */
function drawEmail(random: Random, mailbox: string, domain: string, taken: Set<string>): string | null {
  const kind = random.below(100)
  if (kind < 8) return null
  let email =
    kind < 14 ? `contato${random.between(1, 30)}@${random.pick(offices)}.cnt.br` : `${mailbox}@${kind < 30 ? 'mail.example.com' : domain}`
  for (let copy = 2; taken.has(email); copy++) email = `${mailbox}${copy}@${domain}`
  taken.add(email)
  if (random.chance(7)) return email.toUpperCase()
  return random.chance(2) ? `${email} ` : email
}

/**
 * The contacts of branch number `branch`. Codes and person ids follow from the branch and the lead alone.
 * @param lead how many linked branches come before this one, when it is linked
 */
export function drawContacts(settings: Settings, branch: number, role: Role, lead: number, areaCode: string, domain: string): Contact[] {
  const random = new Random(settings.seed, streams.contacts, branch)
  const count = random.place(COUNTS)
  const taken = new Set<string>()
  const contacts: Contact[] = []
  const habit = random.below(100)
  for (let place = 0; place < count; place++) {
    const person = drawPerson(random)
    const email = drawEmail(random, person.mailbox, domain, taken)
    const title = drawJobTitle(random)
    const hasBranch = !random.chance(2)
    // One in forty was typed in after the lead was sent: the CRM has never seen it.
    const isKnown = role === 'linked' && email !== null && hasBranch && !random.chance(2.5)
    contacts.push({
      code: branch * MOST_CONTACTS + place + 1,
      name: random.chance(2) ? ` ${person.name} ` : person.name,
      email,
      phone: random.chance(12) ? null : drawPhone(random, areaCode),
      jobTitleCode: title.code,
      jobTitle: title.text,
      hasBranch,
      isPrimary: habit < 3 ? (random.chance(50) ? 'N' : null) : place === 0 || (habit < 5 && place === 1) ? 'S' : 'N',
      crmId: isKnown ? FIRST_PERSON_ID + lead * MOST_CONTACTS + place : null,
    })
  }
  return contacts
}
