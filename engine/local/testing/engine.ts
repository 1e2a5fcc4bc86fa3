/** Lends an engine with a state folder of its own, and closes both. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Change, CompareOutcome, Comparison, Engine } from '../../model.ts'
import { type LocalEngineOptions, localEngine } from '../local-engine.ts'

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ponte-engine-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** An engine for a whole test file. */
export async function openEngine(
  options: Partial<LocalEngineOptions> = {},
): Promise<{ engine: Engine; stateDir: string; close: () => Promise<void> }> {
  const stateDir = await mkdtemp(join(tmpdir(), 'ponte-engine-'))
  const engine = await localEngine({ stateDir, memoryLimit: '1GB', threads: 2, readers: 2, ...options })
  return {
    engine,
    stateDir,
    async close() {
      await engine.close()
      await rm(stateDir, { recursive: true, force: true })
    },
  }
}

export async function withEngine<T>(
  use: (engine: Engine, stateDir: string) => Promise<T>,
  options: Partial<LocalEngineOptions> = {},
): Promise<T> {
  const { engine, stateDir, close } = await openEngine(options)
  try {
    return await use(engine, stateDir)
  } finally {
    await close()
  }
}

/** The comparison, or an error that names the guards. */
export function compared(outcome: CompareOutcome): Comparison {
  if (outcome.kind === 'stopped') throw new Error(`stopped by ${outcome.guards.map(({ guard }) => guard).join(', ')}`)
  return outcome.comparison
}

export async function allChanges(comparison: Comparison): Promise<Change[]> {
  const changes: Change[] = []
  for await (const batch of comparison.changes()) changes.push(...batch)
  return changes
}
