import type { Experiment } from '../experiment.ts'
import { answersLost } from './06-answers-lost.ts'
import { massDelete } from './12-mass-delete.ts'

export const experiments: readonly Experiment[] = [answersLost, massDelete]
