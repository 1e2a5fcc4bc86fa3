import { Random, streams } from '../random.ts'
import { drawPerson } from './people.ts'

export interface SalesRep {
  readonly code: number
  readonly email: string | null
}

/** Reps the CRM knows as options of `_cod.gestores`: 1 to 20, and 99, which stands for any other. */
export const knownReps: readonly number[] = [...Array.from({ length: 20 }, (_, place) => place + 1), 99]
/** Reps that only the ERP knows: a lead of theirs goes out with 99. */
export const strangerReps: readonly number[] = [57, 63, 88]

/** SALES_REPS. Every tenth has no e-mail, a few shout. */
export function salesReps(seed: number): SalesRep[] {
  return [...knownReps, ...strangerReps].map((code) => {
    const random = new Random(seed, streams.reference, code)
    const email = `${drawPerson(random).mailbox}.${code}@vendas.example.com.br`
    return { code, email: code % 10 === 0 ? null : random.chance(6) ? email.toUpperCase() : email }
  })
}
