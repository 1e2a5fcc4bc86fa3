/**
 * O5LOGON with the 12c verifier: both sides show that they know the password, and it crosses the wire encrypted only.
 * AES-256-CBC with an initial vector of zeros throughout; hexadecimal is in upper case.
 */
import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto'

const ROUNDS = 4096
const MIX_ROUNDS = 3
/** What AUTH_VFR_DATA is a verifier of. The driver in thin mode gives up at one of 10g before it says anything about the password. */
const VERIFIERS = { '12c': 0x4815, '10g': 0x939 } as const
export type VerifierAge = keyof typeof VERIFIERS

export interface Pair {
  readonly key: string
  readonly value: string
  readonly flags?: number
}

export interface Challenge {
  readonly pairs: readonly Pair[]
  /** What the client sent in phase two: the answer that proves the server, or null when the password is wrong. */
  check(sessionKey: string, password: string): Pair | null
}

/** The slow part of a logon depends on the password alone, with one salt per process. */
const salt = randomBytes(16)
const known = new Map<string, Buffer>()

function verifier(password: string): Buffer {
  const found = known.get(password)
  if (found) return found
  const key = pbkdf2Sync(password, Buffer.concat([salt, Buffer.from('AUTH_PBKDF2_SPEEDY_KEY')]), ROUNDS, 64, 'sha512')
  const made = createHash('sha512').update(key).update(salt).digest().subarray(0, 32)
  if (known.size < 100) known.set(password, made)
  return made
}

/** A challenge for a user with this password. Null, for a user who does not exist: one that no answer meets. */
export function challenge(password: string | null, age: VerifierAge): Challenge {
  const hash = password === null ? randomBytes(32) : verifier(password)
  const mixSalt = randomBytes(16)
  const serverPart = randomBytes(32)
  return {
    pairs: [
      { key: 'AUTH_SESSKEY', value: hex(encrypt(hash, serverPart)) },
      { key: 'AUTH_VFR_DATA', value: hex(salt), flags: VERIFIERS[age] },
      { key: 'AUTH_PBKDF2_CSK_SALT', value: hex(mixSalt) },
      { key: 'AUTH_PBKDF2_VGEN_COUNT', value: String(ROUNDS) },
      { key: 'AUTH_PBKDF2_SDER_COUNT', value: String(MIX_ROUNDS) },
    ],
    check(sessionKey, sent) {
      const clientPart = decrypt(hash, Buffer.from(sessionKey, 'hex'))
      const both = hex(Buffer.concat([clientPart.subarray(0, 32), serverPart]))
      const combined = pbkdf2Sync(both, mixSalt, MIX_ROUNDS, 32, 'sha512')
      const plain = decrypt(combined, Buffer.from(sent, 'hex'))
      const padding = plain.at(-1) ?? 0
      const told = plain.subarray(16, Math.max(16, plain.length - padding)).toString('utf8')
      if (password === null || told !== password) return null
      const proof = Buffer.concat([randomBytes(16), Buffer.from('SERVER_TO_CLIENT')])
      return { key: 'AUTH_SVR_RESPONSE', value: hex(encrypt(combined, proof)) }
    },
  }
}

const hex = (bytes: Buffer): string => bytes.toString('hex').toUpperCase()

function encrypt(key: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.final()])
}

/** Empty when the bytes are no whole blocks: then nothing matches. */
function decrypt(key: Buffer, wire: Buffer): Buffer {
  if (wire.length === 0 || wire.length % 16 !== 0) return Buffer.alloc(0)
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false)
  return Buffer.concat([decipher.update(wire), decipher.final()])
}
