/**
 * Settings of every `pg` connection. One that is silent for 30 s is asked whether the other side is still there; the system's own default is
 * two hours, in which a server that vanished without a word would be waited for.
 */
export const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 30_000 } as const
