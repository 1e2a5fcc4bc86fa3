/** The experiments in their order: each file of this folder beside this one. */
import { readdirSync } from 'node:fs'
import type { Experiment } from '../experiment.ts'

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder).filter((file) => /^\d\d-.*\.ts$/.test(file))
const modules = files.map((file) => import(new URL(file, folder).href) as Promise<{ readonly experiment: Experiment }>)

export const experiments: readonly Experiment[] = (await Promise.all(modules)).map(({ experiment }) => experiment)
