import type { Experiment } from '../experiment.ts'
import { start } from '../programs.ts'

export const experiment: Experiment = {
  number: 16,
  title: 'random histories of two workers on the queue, against a model in memory',
  needs: [],
  async run(context) {
    const root = new URL('../../../', import.meta.url).pathname
    const env = { PONTE_TEST_SEED: String(context.seed), ...(context.long ? { PONTE_TEST_LONG: '1' } : {}) }
    const vitest = start(
      process.execPath,
      [`${root}node_modules/vitest/vitest.mjs`, 'run', '--root', root, 'queue-dirs/model.test.ts'],
      env,
    )
    const { code, stdout, stderr } = await vitest.ended
    context.check('no history parts from the model', code === 0, `${stdout}${stderr}`.slice(-2_000))
    const found = /model: (\d+) histories, (\d+) lines in, (\d+) found once, (\d+) more than once/.exec(stdout)
    const [histories, fed, out, doubled] = (found ?? []).slice(1).map(Number) as [number?, number?, number?, number?]
    const did = `${histories ?? 0} histories of enqueue, claim, record, finish, leave, kill, stop, recover, requeue (queue-dirs/model.test.ts)`
    return { in: fed ?? 0, out: out ?? 0, doubled: doubled ?? 0, lost: (fed ?? 0) - (out ?? 0) - (doubled ?? 0), did }
  },
}
