/** The socket under a connection of mysql2, which its types leave out; and two ways to end one. */
import type { Socket } from 'node:net'
import type { Connection } from 'mysql2'
import type { Connection as Promised } from 'mysql2/promise'
import { within } from '../../base/within.ts'

export function socketOf(connection: Connection | Promised): Socket {
  const { stream } = ('connection' in connection ? connection.connection : connection) as { stream: Socket }
  return stream
}

/** Closes it at once. mysql2's `destroy` says only that nothing more will be asked, and the server goes on sending. */
export function hangUp(connection: Promised): void {
  connection.destroy()
  socketOf(connection).destroy()
}

/** Says good-bye, so that the server does not count it among the clients that it lost; waits a second for the answer. */
export async function leave(connection: Promised): Promise<void> {
  await within(1_000, connection.end()).catch(() => {})
  hangUp(connection)
}
