import { openBooks } from '../books.ts'
import { diskNeeds, openLoopDisk } from '../disk.ts'
import { openEvents } from '../events.ts'
import { type Experiment, sum } from '../experiment.ts'
import { until } from '../programs.ts'
import { openRig, takesInOnly } from '../rig.ts'

export const experiment: Experiment = {
  number: 5,
  title: 'the file system of the queue turns read-only, and is repaired',
  needs: diskNeeds,
  async run(context) {
    const disk = openLoopDisk(context, 32)
    const rig = await openRig(context, { queue: `${disk.path}/queue`, isOutward: true })
    const books = openBooks(context, rig)
    const events = openEvents(rig)
    const rounds = context.long ? 20 : 2
    const all: number[] = []
    let how = ''
    for (let round = 0; round < rounds; round++) {
      await Promise.all([rig.api(takesInOnly), rig.worker()])
      const ids = Array.from({ length: 40 }, (_, n) => 7_000_000 + round * 100 + n)
      all.push(...ids)
      await books.companies(40, true)
      // The first ones are acknowledged just before: nothing but their own fsync has brought them to the disk.
      for (const id of ids.slice(0, 30)) await events.send(id)
      how = disk.breakIt()
      const begun = performance.now()
      const isRed = await until(10, async () => (await fetch(`${rig.apiUrl}/ready`)).status === 503, 100)
      const seconds = (performance.now() - begun) / 1_000
      context.check('/ready is red within 5 s', isRed && seconds < 5, `${seconds.toFixed(1)} s`)
      for (const id of ids.slice(30)) {
        const { status } = await events.send(id)
        context.check('a webhook on a read-only disk is 503', status === 503, `${status}`)
      }
      await rig.stop()
      disk.repair()
    }
    await Promise.all([rig.api(takesInOnly), rig.worker()])
    await events.repeat(all)
    const figures = await books.drain(180)
    return { ...sum(figures, events.figures()), did: `${rounds} times: ${how} in mid-run, then stopped, umount, fsck, mount, and on` }
  },
}
