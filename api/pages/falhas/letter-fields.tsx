/** Sent, ERP and CRM side by side; for an operator the first column is a form. */
import type { OpenDead } from '../../../operations/open-dead.ts'
import type { FieldView, LineView } from '../../../operations/show-dead.ts'
import { Csrf, type View } from '../layout.tsx'
import { Scroll } from '../parts.tsx'

export function Fields({ dead, shown, view }: { dead: OpenDead; shown: LineView; view: View }) {
  const { fields, line } = shown
  if (fields.length === 0) return <p class="dim">No field of it is known.</p>
  const isForm = view.person.role === 'operator' && fields.some(({ editable }) => editable)
  const table = (
    <Scroll label="Values sent, in the ERP and in the CRM">
      <table class="sides stack">
        <thead>
          <tr>
            <th>field</th>
            <th>{isForm ? 'to send' : 'sent'}</th>
            <th>ERP now</th>
            <th>CRM now</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <Row field={field} shown={shown} isForm={isForm} />
          ))}
        </tbody>
      </table>
    </Scroll>
  )
  if (!isForm) return table
  return (
    <form method="post" action={`/ui/falhas/${encodeURIComponent(dead.file)}/edit`}>
      <Csrf person={view.person} />
      <input type="hidden" name="version" value={dead.version} />
      <input type="hidden" name="line" value={line.reason.line} />
      {table}
      <p class="acts">
        <button type="submit" name="then" value="requeue">
          Save and requeue
        </button>
        <button type="submit" class="second">
          Save only
        </button>
      </p>
    </form>
  )
}

function Row({
  field: { field, sent, erp, crm, owner, editable, expected, blamed },
  shown,
  isForm,
}: {
  field: FieldView
  shown: LineView
  isForm: boolean
}) {
  const id = `field-${field}`
  return (
    <tr class={blamed ? 'blamed' : undefined}>
      <th scope="row">
        <label for={isForm && editable ? id : undefined}>{field.toLowerCase().replaceAll('_', ' ')}</label>
        <small>
          {owner === 'erp' ? 'ERP’s' : 'CRM’s'}
          {blamed ? ', named in the reason' : ''}
        </small>
      </th>
      <td data-label={isForm ? 'to send' : 'sent'}>
        {isForm && editable ? (
          <input
            id={id}
            name={`set.${field}`}
            value={sent ?? ''}
            title={expected ?? undefined}
            aria-describedby={expected ? `${id}-hint` : undefined}
          />
        ) : (
          <Value value={sent} />
        )}
        {isForm && editable && expected !== null ? (
          <small id={`${id}-hint`} class="hint">
            {expected}
          </small>
        ) : null}
      </td>
      <td class={differs(shown.erp.kind, erp, sent)} data-label="ERP now">
        <Value value={shown.erp.kind === 'read' ? erp : null} />
      </td>
      <td class={differs(shown.crm.kind, crm, sent)} data-label="CRM now">
        <Value value={shown.crm.kind === 'read' ? crm : null} />
      </td>
    </tr>
  )
}

const differs = (kind: string, value: string | null, sent: string | null): string | undefined =>
  kind === 'read' && (value ?? '') !== (sent ?? '') ? 'differs' : undefined

const Value = ({ value }: { value: string | null }) => (value === null || value === '' ? <span class="dim">–</span> : value)
