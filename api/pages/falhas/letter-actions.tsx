/** What may be done with a refused letter as it is: put it back, recompute it, put it away. */
import type { DeadLine } from '../../../operations/dead-line.ts'
import type { OpenDead } from '../../../operations/open-dead.ts'
import { plural } from '../format.ts'
import { Csrf, type View } from '../layout.tsx'

export function Actions({ dead, line, view }: { dead: OpenDead; line: DeadLine | null; view: View }) {
  if (view.person.role !== 'operator') return <p class="dim">You may look. An operator may correct, requeue or discard it.</p>
  const action = (verb: string) => `/ui/falhas/${encodeURIComponent(dead.file)}/${verb}`
  const hidden = (
    <>
      <Csrf person={view.person} />
      <input type="hidden" name="version" value={dead.version} />
      {line === null ? null : <input type="hidden" name="line" value={line.reason.line} />}
    </>
  )
  const many = (dead.lines?.length ?? 1) > 1
  const whole = many ? (
    <label class="inline">
      <input type="checkbox" name="whole" value="1" /> all {plural(dead.lines!.length, 'line')} of the letter
    </label>
  ) : null
  return (
    <section class="card">
      <h2>As it is</h2>
      <div class="choices">
        <form method="post" action={action('requeue')}>
          {hidden}
          <p>Send it once more, when what refused it was corrected elsewhere.</p>
          {whole}
          <button type="submit" class="second">
            Requeue as it is
          </button>
        </form>
        {dead.kind?.entity ? (
          <form method="post" action={action('rebase')}>
            {hidden}
            <p>Recompute it from what the ERP holds now; it ends without a call when nothing differs any more.</p>
            {whole}
            <button type="submit" class="second">
              Rebase and requeue
            </button>
          </form>
        ) : null}
        <form method="post" action={action('discard')}>
          {hidden}
          <p>Never send it. It is kept, with your reason, and its values are held until they change.</p>
          <label>
            Reason
            <input name="reason" required minlength={3} maxlength={1_000} />
          </label>
          {whole}
          <button type="submit" class="danger">
            Discard
          </button>
        </form>
      </div>
    </section>
  )
}
