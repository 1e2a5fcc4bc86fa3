/** The engine, opened by the first compare: delivery jobs, which compare nothing, start without loading DuckDB and its threads. */
import { cpus } from 'node:os'
import type { Settings } from '../deploy/env.ts'
import type { Engine } from '../engine/model.ts'

/** Parallel ranges of one source. */
export const readersOf = (settings: Settings): number => settings.engine.readers ?? Math.min(4, cpus().length)

export function lazyEngine(settings: Settings): Engine {
  let engine: Promise<Engine> | null = null
  const open = async (): Promise<Engine> => {
    const { localEngine } = await import('../engine/local/local-engine.ts')
    const { threads, memory } = settings.engine
    return localEngine({
      stateDir: settings.stateDir,
      readers: readersOf(settings),
      memoryLimit: memory,
      ...(threads === undefined ? {} : { threads }),
    })
  }
  return {
    name: 'local',
    async compare(spec, options) {
      engine ??= open()
      return (await engine).compare(spec, options)
    },
    async close() {
      // One that could not be opened has nothing to close; compare has already thrown its error.
      const opened = await engine?.catch(() => null)
      await opened?.close()
    },
  }
}
