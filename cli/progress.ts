/** A job's progress as one bar at a time, named after what goes on. */
import type { Progress } from '../jobs/context.ts'
import type { Bar } from './bar.ts'
import type { Output } from './output.ts'

export function progressBars(output: Output): { show(event: Progress): void; stop(): void } {
  let title = ''
  let bar: Bar | null = null
  return {
    show(event) {
      const [name, done, total] = describe(event)
      if (name !== title) {
        bar = output.bar(name)
        title = name
      }
      bar?.update(done, total)
    },
    stop() {
      bar?.stop()
      bar = null
      title = ''
    },
  }
}

function describe(event: Progress): [name: string, done: number, total: number | undefined] {
  switch (event.kind) {
    case 'pull':
      return [`reading ${event.entity} (${event.side === 'desired' ? 'ERP' : 'known'})`, event.rows, undefined]
    case 'publish':
      return [`queueing ${event.entity}`, event.done, event.total]
    case 'deliver':
      return ['delivering', event.done, event.total]
  }
}
