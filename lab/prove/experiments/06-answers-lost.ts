import { openBooks } from '../books.ts'
import type { Experiment } from '../experiment.ts'
import { openRig } from '../rig.ts'

export const experiment: Experiment = {
  number: 6,
  title: 'the effect is done, its answer is lost',
  needs: [],
  async run(context) {
    const rig = await openRig(context)
    const books = openBooks(context, rig)
    // A CRM that takes a second lead of the same tax id: nobody but Ponte prevents it.
    await rig.control('PUT', 'faults', { answersLost: { share: 0.2, methods: ['POST'] }, duplicatePolicy: 'accept' })
    await rig.worker()
    await books.companies(context.long ? 2_000 : 150, true)
    await books.arrive(context.long ? 1_200 : 120)
    await books.edits(50)
    const figures = await books.drain(context.long ? 1_200 : 120)
    const struck: number = (await rig.control('GET', 'faults')).struck.answersLost ?? 0
    context.check('answers were cut', struck > 20, `${struck}`)
    return { ...figures, did: `every fifth answer to a write was cut after the CRM had done it, ${struck} in all` }
  },
}
