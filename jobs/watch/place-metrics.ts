/** What waits where, and what the work stands on: queue, lag, quota, disks, partners, schedules, tablespaces. */
import { letterKinds } from '../../records/kinds.ts'
import type { Figures } from './figures.ts'
import { gauge, type Metric, type Sample } from './metric.ts'

const inboundPrefixes = new Set(letterKinds.filter(({ entity, job }) => entity === null && job !== null).map(({ prefix }) => prefix))

export const placeMetrics: readonly Metric[] = [
  gauge('queue', 'ponte_queue_files', ['lane', 'folder', 'prefix'], 'JSON files by lane, folder and prefix', (rows) =>
    rows.map(({ lane, folder, prefix, files }) => [[lane, folder, prefix], files]),
  ),
  gauge('queue', 'ponte_queue_oldest_seconds', ['lane', 'folder', 'prefix'], 'age of the oldest of these files, by its arrival', (rows) =>
    rows.flatMap(({ lane, folder, prefix, oldestSeconds }): Sample[] =>
      oldestSeconds === null ? [] : [[[lane, folder, prefix], oldestSeconds]],
    ),
  ),
  gauge('waiting', 'ponte_changes_waiting', ['entity'], 'changes found in the ERP that the CRM does not have yet', (rows) =>
    rows.map(({ entity, count }) => [[entity], count]),
  ),
  gauge('held', 'ponte_changes_held', [], 'records that are not sent any more, because three sends changed nothing', (held) => [
    [[], held],
  ]),
  gauge('backupSeconds', 'ponte_backup_age_seconds', [], 'time since the last backup; without any, since the first run', (seconds) => [
    [[], seconds],
  ]),
  gauge('waiting', 'ponte_lag_seconds', [], 'synchronisation lag: age of the oldest change that waits for the CRM', (rows) => [
    [[], outboundLag(rows)],
  ]),
  gauge('queue', 'ponte_inbound_lag_seconds', [], 'synchronisation lag: age of the oldest event that waits for the ERP', (rows) => [
    [[], inboundLag(rows)],
  ]),
  gauge(
    'hour',
    'ponte_inbound_seconds',
    ['quantile'],
    'from the arrival of an event to the commit in the ERP, over the last hour',
    ({ inboundMedian, inboundP95 }) =>
      inboundMedian === null || inboundP95 === null
        ? []
        : [
            [['0.5'], inboundMedian],
            [['0.95'], inboundP95],
          ],
  ),
  gauge('hour', 'ponte_last_hour', ['what'], 'what the last hour brought: conflicts, lines to falhas (dead)', ({ conflicts, dead }) => [
    [['conflicts'], conflicts],
    [['dead'], dead],
  ]),
  gauge('quota', 'ponte_quota_used', ['resource'], 'requests to the CRM in the current window', (rows) =>
    rows.map(({ resource, used }) => [[resource], used]),
  ),
  gauge('quota', 'ponte_quota_limit', ['resource'], 'requests to the CRM that one window allows', (rows) =>
    rows.map(({ resource, limit }) => [[resource], limit]),
  ),
  gauge('quota', 'ponte_quota_blocked', ['resource'], '1 while the CRM has asked everybody to wait', (rows) =>
    rows.map(({ resource, blockedUntil }) => [[resource], blockedUntil === null ? 0 : 1]),
  ),
  gauge('disks', 'ponte_disk_free_bytes', ['machine', 'place'], 'room on the disks of each machine', (rows) =>
    rows.map(({ machine, place, freeBytes }) => [[machine, place], freeBytes]),
  ),
  gauge('disks', 'ponte_disk_size_bytes', ['machine', 'place'], 'size of the disks of each machine', (rows) =>
    rows.map(({ machine, place, sizeBytes }) => [[machine, place], sizeBytes]),
  ),
  gauge('reachable', 'ponte_reachable', ['machine', 'what'], '1 when CRM or ERP answered a machine when it was last asked', (rows) =>
    rows.map(({ machine, what, up }) => [[machine, what], up ? 1 : 0]),
  ),
  gauge('lateSeconds', 'ponte_schedule_late_seconds', [], 'for how long a tick of the schedules has been unanswered', (seconds) => [
    [[], seconds],
  ]),
  gauge('alerts', 'ponte_alerts_firing', ['code'], 'alerts that Ponte itself has raised, by code', (rows) =>
    [...new Set(rows.map(({ code }) => code))].map((code) => [[code], rows.filter((row) => row.code === code).length]),
  ),
  gauge(
    'tablespaces',
    'ponte_oracle_tablespace_used_percent',
    ['tablespace'],
    'how full the tablespaces of an Oracle ERP are; no series with another ERP',
    (rows) => rows.map(({ name, usedPercent }) => [[name], usedPercent]),
  ),
]

/** Seconds; 0: nothing waits. */
export const outboundLag = (rows: Figures['waiting']): number => Math.max(0, ...rows.map(({ oldestSeconds }) => oldestSeconds))

/** Seconds; 0: nothing waits. */
export function inboundLag(rows: Figures['queue']): number {
  const waiting = rows.filter(({ folder, prefix }) => folder !== 'falhas' && inboundPrefixes.has(prefix))
  return Math.max(0, ...waiting.map(({ oldestSeconds }) => oldestSeconds ?? 0))
}
