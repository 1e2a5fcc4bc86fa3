import { drawPerson } from './people.ts'
import { Random, streams } from './random.ts'

export interface SalesRep {
  readonly code: number
  readonly email: string | null
}

/** Reps the CRM knows as options of `_cod.gestores`: 1 to 80, and 99, which stands for any other (mission A). */
export const knownReps: readonly number[] = [...Array.from({ length: 80 }, (_, place) => place + 1), 99]
/** Reps that only the ERP knows: a lead of theirs goes out with 99. */
export const strangerReps: readonly number[] = [501, 502, 503]

/** SALES_REPS. Every twentieth has no e-mail, a few shout. */
export function salesReps(seed: number): SalesRep[] {
  return [...knownReps, ...strangerReps].map((code) => {
    const random = new Random(seed, streams.reference, code)
    const email = `${drawPerson(random).mailbox}.${code}@vendas.example.com.br`
    return { code, email: code % 20 === 0 ? null : random.chance(6) ? email.toUpperCase() : email }
  })
}
