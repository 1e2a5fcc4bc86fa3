import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBooks } from '../books.ts'
import { openCluster } from '../databases.ts'
import type { Experiment } from '../experiment.ts'
import { openRig } from '../rig.ts'

export const experiment: Experiment = {
  number: 11,
  title: "the ERP's database is killed, cuts sessions or is locked in the middle of a compare",
  needs: [],
  async run(context) {
    const own = await openCluster(join(context.folder, 'erp'), context.main)
    context.onEnd(() => own.stop())
    const rig = await openRig(context, { erpUrl: (await own.pair()).erp })
    const books = openBooks(context, rig)
    await books.companies(context.long ? 3_000 : 250)
    const compare = () => rig.ponte(['run', 'job_execute_spark', '--json'])
    const begun = performance.now()
    await compare()
    const lasts = performance.now() - begun
    let aborted = 0
    const rounds = context.long ? 40 : 6
    for (let round = 0; round < rounds; round++) {
      await books.companies(5)
      const running = compare()
      await sleep(lasts * (0.3 + 0.7 * context.random()))
      if (round % 3 === 2)
        await rig.erp.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        )
      else await own.crash()
      if ((await running).code !== 0) aborted++
      if (round % 3 !== 2) await own.restart()
      const { code, stdout } = await compare()
      context.check('the next compare is whole', code === 0, `exit code ${code}: ${stdout.slice(0, 300)}`)
    }
    // A table that somebody else holds for some seconds: waited for.
    const client = await rig.erp.connect()
    await books.companies(5)
    await client.query('begin; lock table branches in access exclusive mode')
    const waiting = compare()
    await sleep(4_000)
    await client.query('commit')
    client.release()
    const { code } = await waiting
    context.check('a lock is waited for', code === 0, `exit code ${code}`)
    context.check('some were hit in the middle', aborted > 0, `${aborted} of ${rounds}`)
    await rig.worker()
    const figures = await books.drain(180)
    const others = rig.effects().filter(({ by, kind }) => by === 'api' && kind !== 'leadAdded')
    context.check('no read that came short removed or changed anything', others.length === 0, `${others.length} other writes`)
    return { ...figures, did: `${rounds} compares met a killed server or a cut session (${aborted} ended with it), one a lock of 4 s` }
  },
}
