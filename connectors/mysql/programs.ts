/** The MariaDB of this machine: where its programs lie, and what it takes to start one of our own. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Programs {
  readonly server: string
  /** Makes a data folder. */
  readonly install: string
}

const searched = ['/usr/sbin', '/usr/bin', '/usr/libexec', '/usr/local/sbin', '/usr/local/bin', '/usr/local/mysql/bin', '/opt/homebrew/bin']

/** null: not installed (Debian: `apt-get install mariadb-server`). */
export function findMariadb(): Programs | null {
  const find = (name: string) => searched.map((folder) => join(folder, name)).find((file) => existsSync(file))
  const [server, install] = [find('mariadbd'), find('mariadb-install-db')]
  return server === undefined || install === undefined ? null : { server, install }
}

/** Makes a data folder for a server that will run with the same `args`. @throws what the program said */
export async function makeDataFolder({ install }: Programs, data: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(install, ['--no-defaults', `--datadir=${data}`, '--skip-test-db', ...args])
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
