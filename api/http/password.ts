/** Passwords as scrypt hashes. What a hash was made with travels with it, so that the cost can be raised later. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import pLimit from 'p-limit'
import { ApiError } from './errors.ts'

/** OWASP's choice for 32 MiB: about a quarter of a second on one core. */
const cost = { N: 32_768, r: 8, p: 3 }
const KEY_BYTES = 32
const MAX_MEMORY = 64 * 1024 * 1024
/** One at a time: hashing shares its threads with the fsyncs of webhooks, which nobody's guessing may hold up. */
const oneAtATime = pLimit(1)
const MAX_WAITING = 20

export const passwordRule = { min: 12, max: 200 }

/** @returns what is wrong with a new password, or null */
export function passwordProblem(name: string, password: string): string | null {
  if (password.length < passwordRule.min) return `A password has ${passwordRule.min} characters or more.`
  if (password.length > passwordRule.max) return `A password has ${passwordRule.max} characters at most.`
  if (new Set(password).size < 5) return 'Use more than four different characters.'
  if (password.toLowerCase().includes(name)) return 'A password does not hold the name of its user.'
  return null
}

/** @returns a password that nobody has chosen, to be shown once and changed at the first login */
export const madePassword = (): string => randomBytes(15).toString('base64url')

/** @throws ApiError BUSY when too many are being hashed already */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, cost)
  return `scrypt$${cost.N}$${cost.r}$${cost.p}$${salt.toString('base64')}$${key.toString('base64')}`
}

/**
 * @param hash as `hashPassword` made it; null when there is no such user: takes as long, so that time does not tell names
 * @throws ApiError BUSY
 */
export async function checkPassword(password: string, hash: string | null): Promise<boolean> {
  const [, N, r, p, salt, key] = (hash ?? nobody).split('$')
  const expected = Buffer.from(key!, 'base64')
  const actual = await derive(password, Buffer.from(salt!, 'base64'), { N: Number(N), r: Number(r), p: Number(p) })
  return timingSafeEqual(actual, expected) && hash !== null
}

const nobody = `scrypt$${cost.N}$${cost.r}$${cost.p}$${Buffer.alloc(16).toString('base64')}$${Buffer.alloc(KEY_BYTES).toString('base64')}`

function derive(password: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  if (oneAtATime.pendingCount >= MAX_WAITING) throw new ApiError('BUSY', 'Too many people log in at this moment.')
  return oneAtATime(
    () =>
      new Promise((resolve, reject) => {
        // NFKC: the same password typed on another keyboard is the same.
        scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: MAX_MEMORY }, (error, key) =>
          error ? reject(error) : resolve(key),
        )
      }),
  )
}
