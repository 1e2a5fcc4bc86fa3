/** Progress on a terminal: one line on standard error that goes when it is done. */
import cliProgress from 'cli-progress'

export interface Bar {
  /** @param total left out while nobody knows it: then only the count is shown */
  update(done: number, total?: number): void
  stop(): void
}

/** @param shown false: a bar that does nothing, as on anything that is no terminal */
export function openBar(title: string, shown: boolean): Bar {
  if (!shown || !process.stderr.isTTY) return { update() {}, stop() {} }
  // Title, count and time take 60 columns; a bar that wraps would leave a trail of lines.
  const room = (process.stderr.columns ?? 80) - 60
  const bar = new cliProgress.SingleBar({
    format: (_options, { progress, value, total }, { known }) => {
      if (!known) return `  ${title.padEnd(32)} ${value === 0 ? '' : value}`
      const size = Math.max(0, Math.min(30, room))
      const drawn = '█'.repeat(Math.round(progress * size)).padEnd(size, '░')
      return `  ${title.padEnd(32)} ${drawn} ${value}/${total}`
    },
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  let started = false
  let stopped = false
  return {
    update(done, total) {
      if (stopped) return
      const end = Math.max(total ?? done, done, 1)
      const payload = { known: total !== undefined }
      if (!started) bar.start(end, done, payload)
      else bar.setTotal(end)
      started = true
      bar.update(done, payload)
    },
    /** May be called again. */
    stop() {
      if (started && !stopped) bar.stop()
      stopped = true
    },
  }
}
