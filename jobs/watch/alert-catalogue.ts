/** The alerts, by code. Prometheus' rules (deploy/monitoring) and the runbook (deploy/RUNBOOK.md) name the same ones; a test holds the three equal. */

export interface Alert {
  readonly severity: 'critical' | 'warning'
  /** What it means, in one sentence; what to do stands in the runbook, under the code. */
  readonly meaning: string
}

export const alerts = {
  job_failed: {
    severity: 'warning',
    meaning: 'The last run of a job failed and none has succeeded since; what it should have delivered stays queued.',
  },
  guard_stopped: {
    severity: 'warning',
    meaning: 'A guard stopped a job because the data looked broken; nothing was sent, and it waits for a decision.',
  },
  records_held: {
    severity: 'warning',
    meaning: 'Records were sent three times without both sides becoming equal; they are not sent any more until somebody finds out why.',
  },
  lag_over_limit: {
    severity: 'warning',
    meaning: 'A change or an event has waited longer than the limit; both sides drift apart.',
  },
  falhas_growing: {
    severity: 'warning',
    meaning: 'More lines than the limit went to falhas within an hour; their records are not in step until somebody mends them.',
  },
  conflicts_many: {
    severity: 'warning',
    meaning: 'Both sides changed more fields apart within an hour than the limit; the owner of each field won.',
  },
  disk_low: {
    severity: 'critical',
    meaning: 'A disk that Ponte writes to is nearly full; when it is, webhooks are answered 503 and runs fail, but nothing is lost.',
  },
  backup_missing: {
    severity: 'warning',
    meaning: 'No backup has been made for a week; what a lost disk takes with it cannot be brought back.',
  },
  crm_unreachable: {
    severity: 'critical',
    meaning: 'The CRM has not answered for two minutes; changes stay queued and go on by themselves.',
  },
  erp_unreachable: {
    severity: 'critical',
    meaning: 'The ERP has not answered for a minute; nothing is compared, and events of the CRM wait as letters.',
  },
  state_unreachable: {
    severity: 'critical',
    meaning: "Ponte's own database has not answered for a minute; webhooks are kept, all else waits.",
  },
  schedules_stalled: {
    severity: 'critical',
    meaning: 'No job has answered the ticks of its schedule for five minutes; no worker is running, or all hang.',
  },
  ponte_down: {
    severity: 'critical',
    meaning: 'Nobody answers for Ponte: told from outside, by Prometheus or by whoever misses the heartbeat.',
  },
} as const satisfies Readonly<Record<string, Alert>>

export type AlertCode = keyof typeof alerts

/** Those that Ponte raises itself. */
export type OwnAlertCode = Exclude<AlertCode, 'ponte_down'>

export const alertCodes = Object.keys(alerts) as AlertCode[]
