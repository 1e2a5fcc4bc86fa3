/** The socket under a connection of mysql2, which its types leave out. */
import type { Socket } from 'node:net'
import type { Connection } from 'mysql2'
import type { Connection as Promised } from 'mysql2/promise'

export function socketOf(connection: Connection | Promised): Socket {
  const { stream } = ('connection' in connection ? connection.connection : connection) as { stream: Socket }
  return stream
}

/** Closes it at once. mysql2's `destroy` says only that nothing more will be asked, and the server goes on sending. */
export function hangUp(connection: Promised): void {
  connection.destroy()
  socketOf(connection).destroy()
}
