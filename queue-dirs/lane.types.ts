/**
 * lane:   one queue directory tree, QUEUE_ROOT/<name>
 * letter: one file in it; bulk letters are NDJSON of up to 500 lines, single letters hold one object
 * claim:  a letter that one worker holds, in processando/<worker>/
 * line:   what is delivered; every line of a claim ends exactly once: done, dead, or left for later
 */
export type LaneName = string

export interface LetterName {
  /** Name that the letter has in this lane. Names that Ponte did not write are replaced by a unique one when claimed. */
  readonly file: string
  readonly prefix: string
  /** Time of arrival in the name, epoch milliseconds; files without one sort by mtime. */
  readonly arrivedAt: number
}

/** What is kept in `.tmp/<run>/manifest.json` between sealing and the last rename. */
export interface Manifest {
  readonly run: string
  readonly entity: string
  readonly files: readonly { readonly name: string; readonly lines: number; readonly md5: string }[]
  /** Counts and whatever the publisher needs to finish after a crash. */
  readonly meta: Readonly<Record<string, string | number>>
}

export interface Staging {
  /** Appends one line; cuts a file at `linesPerFile`. No newline inside `line`. */
  write(line: string): Promise<void>
  /** fsyncs files and folder, names them `<prefix>_<batchHash>_<time>_<nnnn>.json`, writes the manifest last (fsynced). From here a crash is finished, not undone. */
  seal(batchHash: string, meta: Manifest['meta']): Promise<Manifest>
  /** Renames into processar, one directory fsync, then closes the manifest. Safe to repeat. */
  commit(): Promise<void>
  discard(): Promise<void>
}

/** A letter for the record: it never waits and is never claimed. */
export interface ArchiveLetter {
  /** Appends one line, without its newline. */
  write(line: string): Promise<void>
  /** Puts it into processados, durably. @returns its name */
  close(): Promise<string>
  discard(): Promise<void>
}

export type LineOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'dead'; readonly code: string; readonly reason: string; readonly attempts: number; readonly httpStatus?: number }

export interface Finished {
  readonly done: number
  readonly dead: number
  readonly open: number
  /** `falhas` also when its good lines went to processados. */
  readonly to: 'processados' | 'falhas' | 'processar' | 'lost'
}

/** Valid until the iterator that gave it is left, or is asked for one more than its `hands`; not ended by then, it goes back to processar. */
export interface Claim {
  readonly name: LetterName
  readonly worker: string
  /**
   * Lines without an outcome yet, in file order; `index` counts from 0, blank lines are none. `text` is raw; invalid JSON is
   * the caller's to judge. Throws `queue.not_utf8`, `queue.letter_too_large` or `queue.empty_letter` before the first line: then `reject`. Throws
   * `queue.claim_lost` when another worker has the letter.
   */
  lines(): AsyncIterable<{ readonly index: number; readonly text: string }>
  /** fsynced before it resolves (concurrent calls share an fsync). A line recorded once is never yielded again. */
  record(index: number, outcome: LineOutcome): Promise<void>
  /** True while this worker still holds the letter and its heartbeat is fresh by the monotonic clock. Check before each effect. */
  held(): Promise<boolean>
  /**
   * Ends the claim. All lines done -> processados/<YYYYMMDD>/. Some dead -> their lines to falhas/<name> with <name>.error.json
   * written first, the rest to processados. Some open -> the letter goes back to processar with its progress.
   * Returns where it went and the counts as this claim knows them; `lost` when another worker has the letter: nothing moved.
   * A file that somebody wrote to since it was read goes back: lines that were added, or half written, are given out by the next claim.
   */
  finish(): Promise<Finished>
  /** The whole letter is unreadable (not UTF-8, empty): falhas at once with the reason; back to processar when somebody still writes to it. */
  reject(code: string, reason: string): Promise<void>
}

/** Why one line was refused. */
export interface DeadLine {
  /** From 1, in the letter as it was delivered; entries are in the order of the lines now in falhas. 0: the whole letter. */
  readonly line: number
  readonly code: string
  readonly reason: string
  readonly attempts: number
  readonly httpStatus?: number
  /** An operator has changed the line since. */
  readonly editedAt?: string
}

export interface DeadLetter {
  readonly lane: LaneName
  readonly file: string
  readonly failedAt: string
  readonly lines: readonly DeadLine[]
}

export interface ShownLetter {
  readonly letter: DeadLetter
  /** `unknown` when no job takes it. */
  readonly prefix: string
  readonly body: string
  /** As a delivery would read them, each with its reason; null: the file is empty, not UTF-8, or too large to read. */
  readonly lines: readonly { readonly text: string; readonly reason: DeadLine }[] | null
  /** Of the body: who decides about it says what was looked at. */
  readonly version: string
}

export interface DeadName {
  readonly file: string
  /** `unknown` when no job takes it. */
  readonly prefix: string
  /** Epoch milliseconds: from the name, else the file's own. */
  readonly arrivedAt: number
}

/** stay: remains dead · again: waits in a letter of its own · discarded, superseded: never sent, kept in processados. `text`: instead of the line's own. */
export interface LineFate {
  readonly kind: 'stay' | 'again' | 'discarded' | 'superseded'
  readonly text?: string
}

export interface Mended {
  /** Name of the letter that waits now. */
  readonly again: string | null
  /** Names in processados of what was put away. */
  readonly archived: readonly string[]
  /** Lines that stay dead. */
  readonly left: number
}

/** Which lines are to be gone. */
export interface EraseChoice {
  /** @param prefix of the letter; `unknown` when no job takes it */
  isMeant(prefix: string, text: string): boolean
  /** Only counts. */
  readonly dryRun: boolean
}

/** Lines, by where they lay. */
export interface Erased {
  readonly waiting: number
  readonly dead: number
  readonly ended: number
  /** In a worker's hands: they are still there. */
  readonly inHand: number
  /** Files that could not be looked into: no UTF-8, or too large. Below the lane's folder. */
  readonly unread: readonly string[]
  /** Names of letters that are no more. */
  readonly removed: readonly string[]
}

export interface Lane<Name extends LaneName = LaneName> {
  readonly name: Name
  /** A publisher's outbox for one run. */
  stage(run: string, entity: string, prefix: string, at: Date): Promise<Staging>
  /**
   * Brings the lane to rest after crashes: for every manifest left behind calls `record` (idempotent, re-records the
   * changes as queued), finishes the renames and closes it; folders without a manifest are thrown away; stale claims go
   * back to processar with their progress; interrupted moves are completed.
   */
  recover(
    record: (manifest: Manifest, lines: AsyncIterable<{ file: string; index: number; text: string }>) => Promise<void>,
  ): Promise<{ manifests: number; discarded: number; claims: number }>
  /** One durable single-object letter: `<prefix>_<slug>_<time>_<ulid>.json`. Resolves after fsync of file and directory. */
  enqueue(prefix: string, slug: string, body: string): Promise<string>
  /**
   * The same for a letter that may turn out to be a repeat: it is written aside while the caller finds out, and becomes visible only
   * when `wanted` is true. Returns null when it is false; nothing is left then.
   */
  enqueueIf(wanted: Promise<boolean>, prefix: string, slug: string, body: string): Promise<string | null>
  /** A letter for the record, `<prefix>_<slug>_<time>_<ulid>.json`, straight into processados. */
  archive(prefix: string, slug: string): Promise<ArchiveLetter>
  /**
   * Claims letters in order of arrival, one after another, until none is left or `limit` letters were taken. A letter given back
   * is not taken again by the same call. `hands`: how many may be held at once (default 1); asked for more, the oldest is given back. Names of the old system are always taken, also the old ones; `foreign` adds any other
   * `.json` name that begins with, or else contains, one of `prefixes`. `passBy`: told, at each look, of the files that are left alone because
   * somebody may still write to them.
   */
  claims(options: {
    prefixes: readonly string[]
    worker: string
    foreign?: boolean
    limit?: number
    hands?: number
    signal?: AbortSignal
    passBy?: (file: string) => void
  }): AsyncIterable<Claim>
  /**
   * Gives waiting letters of `prefix` another body: `edit` is shown each body (twice, when it is to be changed) and answers the new
   * one, or null to leave the letter alone. It must keep the lines in their places, because outcomes are remembered by line.
   *
   * A letter to be changed is taken out of processar by rename, like a claim, so that no worker reads it half-edited and none that has
   * it is overwritten; it comes back under its own name (one that Ponte did not write: under a unique one, as when it is claimed).
   * The new body is fsynced before the old one gives way in one rename; a crash leaves one of the two (edited.ts has the steps). Meanwhile a
   * worker may pass it by: the next run takes it.
   * @returns how many were changed, durably. Letters in the hands of a worker are not waiting, so they are not counted
   */
  editWaiting(prefix: string, edit: (body: string) => string | null): Promise<number>
  /** Writes a file where letters are written, and removes it. @throws PonteError `queue.disk_*` when the lane cannot take letters */
  probe(): Promise<void>
  /** Per folder and prefix: files and the oldest arrival (epoch ms). Streams the directory. Files nobody claims: prefix `unknown`. */
  counts(): Promise<readonly { folder: 'processar' | 'processando' | 'falhas'; prefix: string; files: number; oldest: number | null }[]>
  /** Names of all letters that wait or are in hand. One that moves between the two while this looks is not missed. */
  undelivered(): Promise<ReadonlySet<string>>
  /**
   * Shows every letter, its outcomes and its reasons to `take`, for a backup; workers may go on. `name`: its place in the lane, as
   * copies.ts says it. `take` answers false when `path` is not there any more.
   * @returns letters taken
   */
  copy(take: (name: string, path: string) => Promise<boolean>): Promise<number>
  deadLetters(): AsyncIterable<DeadLetter>
  /**
   * Names of dead letters, the oldest arrival first (of the same time by name), behind `after`; no file is read. `matching`: how many there are in all.
   * @param options.arrivedBefore epoch milliseconds
   */
  deadNames(options: {
    prefixes?: readonly string[]
    arrivedBefore?: number
    after?: Pick<DeadName, 'file' | 'arrivedAt'>
    limit: number
  }): Promise<{ names: readonly DeadName[]; matching: number }>
  /** A dead letter's reasons, without its body; null when it is gone. */
  describeDead(file: string): Promise<DeadLetter | null>
  /** @throws PonteError `queue.no_such_letter` */
  showDead(file: string): Promise<ShownLetter>
  /**
   * Deals with a dead letter line by line, durably: see mending.ts. 'discarded': the whole file, whatever it holds.
   * @param plan.version of `showDead`; `fates`: one per line
   * @throws PonteError `queue.no_such_letter`; `queue.letter_changed`: somebody else was faster, nothing was changed
   */
  mendDead(file: string, plan: { version: string; fates: 'discarded' | readonly LineFate[] }): Promise<Mended>
  /** falhas -> processar under a fresh name (same prefix), sidecar removed last. Returns the new name. */
  requeue(file: string): Promise<string>
  /** Takes lines out of all letters, for good; see erase.ts. */
  erase(choice: EraseChoice): Promise<Erased>
  /** Deletes processados folders older than `days` (>= 1). Returns how many. */
  purge(days: number, now: Date): Promise<number>
  /** Deletes letters of a prefix that no job takes, once they have waited for `days` (>= 1). Returns how many. */
  purgeUntaken(prefix: string, days: number, now: Date): Promise<number>
  /** Stops this lane's heartbeats and removes its empty folders. Optional: a killed process is cleaned up after by `recover`. */
  close(): Promise<void>
}
