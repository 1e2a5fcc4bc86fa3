/** Small parts that pages share. */
import type { Child } from 'hono/jsx'
import { age, type Clock, fullTime, shortTime } from './format.ts'

/** A moment: short to read, whole in the title. */
export const Time = ({ at, clock }: { at: Date | null; clock: Clock }) =>
  at === null ? (
    <span class="dim">–</span>
  ) : (
    <time datetime={at.toISOString()} title={fullTime(at, clock.zone)}>
      {shortTime(at, clock)}
    </time>
  )

/** How long ago, or how old; never with a minus. */
export const Ago = ({ at, clock }: { at: Date | null; clock: Clock }) =>
  at === null ? (
    <span class="dim">–</span>
  ) : (
    <time datetime={at.toISOString()} title={fullTime(at, clock.zone)}>
      {age(clock.now.getTime() - at.getTime())}
    </time>
  )

/** ok: nothing to do · busy: under way · warn: look at it · bad: act · idle: nothing happened */
export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'idle'

/** Never by colour alone: the word says it too. */
export const Badge = ({ tone, children }: { tone: Tone; children: Child }) => <span class={`badge ${tone}`}>{children}</span>

/** What a page shows when there is nothing, and what is normal. */
export const Empty = ({ children }: { children: Child }) => <p class="empty">{children}</p>

/** Wide tables scroll by themselves; the page does not. */
export const Scroll = ({ label, children }: { label: string; children: Child }) => (
  <section class="scroll" aria-label={label}>
    {children}
  </section>
)

export interface Notice {
  readonly tone: 'ok' | 'bad'
  readonly text: string
}

/** What the last action came to. */
export const Said = ({ notice }: { notice: Notice | null }) =>
  notice === null ? null : (
    <p class={`said ${notice.tone}`} role={notice.tone === 'bad' ? 'alert' : 'status'}>
      {notice.text}
    </p>
  )
