/** Settings of backups. Recipients are public keys: a machine that makes backups cannot read them. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { whole } from './values.ts'

/** May come from a file. Needed to restore and to verify, not to make a backup: keep it elsewhere. */
export const backupSecrets = ['BACKUP_IDENTITY'] as const

export interface BackupSettings {
  readonly dir: string
  /** age public keys; none: no backup is made. */
  readonly recipients: readonly string[]
  readonly keep: number
  /** The secret key; null: not on this machine. */
  readonly identity: string | null
}

export const backupVariables = {
  BACKUP_DIR: z.string().default('./data/backups'),
  BACKUP_RECIPIENTS: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
    .refine(
      (parts) => parts.every((part) => /^age1[02-9ac-hj-np-z]{58}$/.test(part)),
      'must be age public keys (age1 and 58 characters), comma separated; ponte backup key makes a pair',
    ),
  BACKUP_KEEP: whole(1, 10_000).default(7),
  BACKUP_IDENTITY: z
    .string()
    .transform(
      (text) =>
        text
          .split('\n')
          .find((line) => line.startsWith('AGE-SECRET-KEY-'))
          ?.trim() ?? '',
    )
    .refine((text) => /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/.test(text), 'must hold an age secret key, a line AGE-SECRET-KEY-1...')
    .optional(),
}

export function backupSettings(env: z.infer<z.ZodObject<typeof backupVariables>>): BackupSettings {
  return { dir: resolve(env.BACKUP_DIR), recipients: env.BACKUP_RECIPIENTS, keep: env.BACKUP_KEEP, identity: env.BACKUP_IDENTITY ?? null }
}
