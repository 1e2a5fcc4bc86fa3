import type { Experiment } from '../experiment.ts'
import { kills } from './01-kills.ts'
import { everyStep } from './02-every-step.ts'
import { diskFull } from './03-disk-full.ts'
import { fsyncFails } from './04-fsync-fails.ts'
import { readOnly } from './05-read-only.ts'
import { answersLost } from './06-answers-lost.ts'
import { storm } from './07-storm.ts'
import { network } from './08-network.ts'
import { clocks } from './09-clocks.ts'
import { redisFails } from './10-redis.ts'
import { database } from './11-database.ts'
import { massDelete } from './12-mass-delete.ts'
import { webhooks } from './13-webhooks.ts'
import { hostileBodies } from './14-hostile-bodies.ts'
import { slowSenders } from './15-slow-senders.ts'
import { model } from './16-model.ts'
import { twoDispatchers } from './17-two-dispatchers.ts'
import { engineParity } from './18-engine-parity.ts'
import { soak } from './19-soak.ts'

export const experiments: readonly Experiment[] = [
  kills,
  everyStep,
  diskFull,
  fsyncFails,
  readOnly,
  answersLost,
  storm,
  network,
  clocks,
  redisFails,
  database,
  massDelete,
  webhooks,
  hostileBodies,
  slowSenders,
  model,
  twoDispatchers,
  engineParity,
  soak,
]
