/** What is said before there is a session: protocol, data types, and who is there. */
import { writeEnd, writeParameters } from '../answers.ts'
import type { Backend } from '../backend.ts'
import type { Faults } from '../faults.ts'
import { OracleError } from '../oracle-error.ts'
import type { AuthRequest, Request } from '../requests.ts'
import type { WireWriter } from '../wire/writer.ts'
import { type Challenge, challenge, type VerifierAge } from './logon.ts'
import { dataTypesAnswer, protocolAnswer } from './negotiate.ts'
import { Session } from './session.ts'

/** What all connections of a simulator share. */
export interface House {
  readonly backend: Backend
  readonly faults: Faults
  readonly service: string
  /** Names in upper case, and their passwords. */
  readonly users: ReadonlyMap<string, string>
  readonly verifiers: VerifierAge
  /** The largest packet. */
  readonly sdu: number
}

export class Entrance {
  readonly #house: House
  #challenge: Challenge | null = null

  constructor(house: House) {
    this.#house = house
  }

  /** Writes the answer, and resolves with the session once there is one. Throws OracleError (1017, 1012, the backend's). */
  async answer(request: Request, to: WireWriter, signal: AbortSignal): Promise<Session | null> {
    switch (request.kind) {
      case 'protocol':
        to.raw(protocolAnswer())
        return null
      case 'types':
        to.raw(dataTypesAnswer())
        return null
      case 'auth-one':
        this.#ask(request.auth, to)
        return null
      case 'auth-two':
        return await this.#let(request.auth, to, signal)
      default:
        throw new OracleError(1012, 'not logged on')
    }
  }

  #ask({ user }: AuthRequest, to: WireWriter): void {
    this.#challenge = challenge(this.#house.users.get(user.toUpperCase()) ?? null, this.#house.verifiers)
    writeParameters(to, this.#challenge.pairs)
    writeEnd(to, { inTransaction: false })
  }

  /** A wrong password and an unknown user are told alike. */
  async #let({ user, pairs }: AuthRequest, to: WireWriter, signal: AbortSignal): Promise<Session> {
    const { service, backend, faults } = this.#house
    await faults.strike({ at: 'login', when: 'before' }, signal)
    const proof = this.#challenge?.check(pairs.get('AUTH_SESSKEY') ?? '', pairs.get('AUTH_PASSWORD') ?? '') ?? null
    if (proof === null) throw new OracleError(1017, 'invalid username/password; logon denied')
    const opened = await backend.open({ user: user.toUpperCase(), service })
    writeParameters(to, [proof, ...about(service)])
    writeEnd(to, { inTransaction: false })
    return new Session(opened, faults, shiftOf(pairs.get('AUTH_ALTER_SESSION') ?? ''))
  }
}

/** Minutes east of UTC in `ALTER SESSION SET TIME_ZONE='-3:0'`; 0 for a region. */
function shiftOf(statement: string): number {
  const parts = /TIME_ZONE\s*=\s*'([-+])?(\d+):(\d+)'/i.exec(statement)
  if (!parts) return 0
  const minutes = Number(parts[2]) * 60 + Number(parts[3])
  return parts[1] === '-' ? -minutes : minutes
}

/** 19.3, and what else the driver reads of a server. */
function about(service: string): { key: string; value: string }[] {
  const name = service.toUpperCase()
  return [
    { key: 'AUTH_VERSION_NO', value: String((19 << 24) | (3 << 16)) },
    { key: 'AUTH_SC_SERVICE_NAME', value: service },
    { key: 'AUTH_DBNAME', value: name },
    { key: 'AUTH_INSTANCENAME', value: name },
    { key: 'AUTH_SC_DBUNIQUE_NAME', value: name },
    { key: 'AUTH_MAX_OPEN_CURSORS', value: '300' },
    { key: 'AUTH_MAX_IDEN_LENGTH', value: '128' },
  ]
}
