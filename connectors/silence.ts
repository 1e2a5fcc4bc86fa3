/** A server that says nothing any more: the power is gone, or a firewall forgot the connection. */
import type { Socket } from 'node:net'

/** The server itself ends a command at its limit; this is how much longer its word for that may take. */
const GRACE_MS = 5_000

/**
 * Closes the connection when nothing is heard on it for longer than a command may take: one under way fails as ETIMEDOUT. May be called again.
 * @param limitMs of a command; null: for a while it may be silent for as long as it likes
 */
export function closeWhenSilent(socket: Socket, limitMs: number | null): void {
  socket
    .off('timeout', close)
    .on('timeout', close)
    .setTimeout(limitMs === null ? 0 : limitMs + GRACE_MS)
}

function close(this: Socket): void {
  this.destroy(Object.assign(new Error('the server said nothing for longer than a command may take'), { code: 'ETIMEDOUT' }))
}
