/** How a run ended, as a word and as a square. */
import type { RunStatus } from '../../../connectors/state/runs/runs.ts'
import { Badge, type Tone } from '../parts.tsx'

export const runTone: Readonly<Record<RunStatus, Tone>> = {
  queued: 'idle',
  running: 'busy',
  success: 'ok',
  skipped: 'idle',
  failed: 'bad',
  stopped: 'warn',
}

export const runWords: Readonly<Record<RunStatus, string>> = {
  queued: 'queued',
  running: 'running',
  success: 'success',
  skipped: 'nothing to do',
  failed: 'failed',
  stopped: 'stopped by a guard',
}

export const RunBadge = ({ status }: { status: RunStatus }) => <Badge tone={runTone[status]}>{runWords[status]}</Badge>
