/** The unprivileged account that runs an embedded PostgreSQL when we are root. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { PonteError } from '../../../base/error.ts'

export interface Account {
  readonly uid: number
  readonly gid: number
}

/** Looked for in this order; the first is made when none is there. */
const NAMES = ['ponte', 'postgres'] as const

const run = promisify(execFile)

/**
 * The account to lend the server to, made when it is missing; undefined when we are not root.
 * @throws PonteError `erp.embedded_account`
 */
export async function serviceAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const known = await lookUp()
  if (known !== undefined) return known
  try {
    await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', NAMES[0]]).catch(() =>
      run('adduser', ['-S', '-D', '-H', NAMES[0]]),
    )
    const made = await lookUp()
    if (made !== undefined) return made
    throw new Error('the account was made but is not in /etc/passwd')
  } catch (cause) {
    // Two processes may try at once; the loser finds what the winner made.
    const made = await lookUp()
    if (made !== undefined) return made
    throw new PonteError('erp.embedded_account', 'the embedded database cannot run as root, and an account for it could not be made', {
      hint: 'run ponte as an ordinary user, or create a system user named ponte',
      cause,
    })
  }
}

async function lookUp(): Promise<Account | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of NAMES) {
    const fields = lines.find((line) => line[0] === name)
    if (fields !== undefined && Number(fields[2]) !== 0) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  return undefined
}
