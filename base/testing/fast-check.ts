/** fast-check, with the seed of the run. */
import fc from 'fast-check'
import { testSeed } from './random.ts'

fc.configureGlobal({ seed: testSeed() })

export default fc
