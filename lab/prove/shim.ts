/** Faults of the disk inside one process: shim.c, compiled here and preloaded. */
import { join } from 'node:path'
import type { ExperimentContext, Need } from './experiment.ts'
import { type Environment, needs, tool } from './programs.ts'

export const shimNeeds: readonly Need[] = [needs.linux, needs.program('cc', 'gcc libc6-dev')]

export interface ShimSettings {
  /** Prefixes of paths, absolute. */
  readonly paths: readonly string[]
  /** Killed before this write, fsync or rename, from 1. */
  readonly exitAt?: number
  /** Each such fsync fails with EIO. */
  readonly failEvery?: number
  /** Only while this file exists. */
  readonly flag?: string
}

/** @returns what makes the environment of a process that has the faults */
export function compileShim({ folder }: ExperimentContext): (settings: ShimSettings) => Environment {
  const library = join(folder, 'shim.so')
  tool('cc', '-shared', '-fPIC', '-O1', '-o', library, new URL('shim.c', import.meta.url).pathname, '-ldl')
  return ({ paths, exitAt, failEvery, flag }) => ({
    ...{ LD_PRELOAD: library, PROVE_PATHS: paths.join(':'), UV_USE_IO_URING: '0' },
    ...(exitAt === undefined ? {} : { PROVE_EXIT_AT: String(exitAt) }),
    ...(failEvery === undefined ? {} : { PROVE_EVERY: String(failEvery) }),
    ...(flag === undefined ? {} : { PROVE_WHILE: flag }),
  })
}
