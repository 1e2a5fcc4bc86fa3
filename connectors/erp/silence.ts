/** A server that says nothing any more: the power is gone, or a firewall forgot the connection. */
import type { Socket } from 'node:net'

/** The server itself ends a command at its limit; this is how much longer its word for that may take. */
const GRACE_MS = 5_000

/** Closes a connection of a pool on which nothing was heard for longer than a command may take; a command under way fails as ETIMEDOUT. */
export function closeWhenSilent(socket: Socket, limitMs: number): void {
  const timedOut = () => Object.assign(new Error('the server said nothing for longer than a command may take'), { code: 'ETIMEDOUT' })
  socket.setTimeout(limitMs + GRACE_MS, () => socket.destroy(timedOut()))
}
