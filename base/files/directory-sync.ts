/**
 * Group commit of directory fsyncs: one fsync may serve every rename that finished before it began.
 *
 * Per directory at most one fsync runs and at most one more is waiting. A caller that comes while one runs cannot be served
 * by it (its rename may be too late for it), so it joins the waiting one.
 *
 * @param fsync does the work for one directory; its failure is given to every caller it was to serve, and to no other
 */
export function createDirectorySync(fsync: (path: string) => Promise<void>): (path: string) => Promise<void> {
  interface Round {
    running: Promise<void>
    waiting: Promise<void> | null
  }
  const rounds = new Map<string, Round>()

  const begin = (path: string): Promise<void> => {
    const round: Round = { running: fsync(path), waiting: null }
    rounds.set(path, round)
    const forget = () => {
      if (rounds.get(path) === round && round.waiting === null) rounds.delete(path)
    }
    round.running.then(forget, forget)
    return round.running
  }

  return (path) => {
    const round = rounds.get(path)
    if (round === undefined) return begin(path)
    round.waiting ??= round.running.then(
      () => begin(path),
      () => begin(path),
    )
    return round.waiting
  }
}
