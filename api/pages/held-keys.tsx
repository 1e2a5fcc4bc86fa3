/** Keys that are held back, and their release. */
import type { Held } from '../../operations/held.ts'
import { Csrf, type View } from './layout.tsx'
import { Scroll, Time } from './parts.tsx'

export function HeldKeys({ held, view }: { held: readonly Held[]; view: View }) {
  if (held.length === 0) return null
  return (
    <section class="card">
      <h2>Held back</h2>
      <p class="dim">
        Sent three times without the difference going away, or discarded by an operator: not sent again until the data changes, or until you
        release them.
      </p>
      <Scroll label="Keys held back">
        <table class="stack">
          <tbody>
            {held.map(({ entity, key, code, since }) => (
              <tr>
                <td>{entity}</td>
                <td>{key}</td>
                <td>{code === 'DISCARDED' ? 'discarded' : (code ?? 'three sends')}</td>
                <td class="nowrap">
                  <Time at={since} clock={view.clock} />
                </td>
                <td class="n">
                  {view.person.role === 'operator' ? (
                    <form method="post" action="/ui/falhas/release">
                      <Csrf person={view.person} />
                      <input type="hidden" name="entity" value={entity} />
                      <input type="hidden" name="key" value={key} />
                      <button type="submit" class="second">
                        Release<span class="unseen"> {key}</span>
                      </button>
                    </form>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  )
}
