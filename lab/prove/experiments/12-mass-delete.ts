import { mirrorLinked } from '../../../jobs/testing/small-erp.ts'
import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { openRig } from '../rig.ts'

export const experiment: Experiment = {
  number: 12,
  title: 'the ERP suddenly shows no rows, or less than half',
  needs: [],
  async run(context) {
    const rig = await openRig(context)
    const books = openBooks(context, rig)
    const count = context.long ? 2_000 : 60
    await books.companies(count)
    const run = async (job: string) => (await rig.ponte(['run', job, '--json'])).code
    await run('job_execute_spark')
    await run('job_insert_leads_in_spotter')
    await mirrorLinked(rig.erp)
    const settled = await run('job_execute_spark')
    context.check('a compare of the whole ERP is fine', settled === 0, `exit code ${settled}`)

    await rig.erp.query('alter view desired_leads rename to whole_desired_leads')
    for (const [what, rows] of [
      ['all rows gone', 'where false'],
      ['more than half of the rows gone', `limit ${Math.ceil(count / 2) - 1}`],
    ] as const) {
      await rig.erp.query(`create view desired_leads as select * from whole_desired_leads ${rows}`)
      const code = await run('job_execute_spark')
      context.check(`${what}: the compare is refused with exit code 3`, code === 3, `exit code ${code}`)
      const left = rig.leftovers()
      context.check(`${what}: nothing is queued`, left.length === 0, left.join(', ') || 'nothing')
      await rig.erp.query('drop view desired_leads')
    }
    await rig.erp.query('alter view whole_desired_leads rename to desired_leads')
    const after = await run('job_execute_spark')
    context.check('with the rows back it goes on as before', after === 0, `exit code ${after}`)
    const others = rig.effects().filter(({ kind, by }) => by === 'api' && kind !== 'leadAdded')
    context.check('the CRM saw nothing of it', others.length === 0, `${others.length} writes`)
    const { first: _, ...figures } = await books.figures()
    return { ...figures, did: 'the view that a compare reads gave no row, then less than half of them' }
  },
}
