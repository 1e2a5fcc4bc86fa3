/** What every job does first: bring both lanes to rest after crashes of earlier runs. */
import type { Context } from './context.ts'
import { recordManifest } from './detect/publish.ts'

export async function recoverLanes(context: Pick<Context, 'lanes' | 'state' | 'log'>): Promise<void> {
  for (const lane of Object.values(context.lanes)) {
    const found = await lane.recover(recordManifest(context.state))
    if (found.manifests + found.discarded + found.claims > 0)
      context.log.info({ lane: lane.name, ...found }, 'recovered what a crash left behind')
  }
}
