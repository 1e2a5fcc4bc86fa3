import type { Crm } from '../state/crm.ts'
import type { CustomValues } from '../state/model.ts'
import type { CustomFieldDto } from './dto.ts'

/** The four custom fields that the integration uses. `choice` takes `options`, `text` takes `value`. */
export const customFields = [
  { id: 1, key: '_cod.gestores', name: 'Representante', type: 'choice' },
  { id: 2, key: '_cod.cliente', name: 'Cód. Cliente', type: 'text' },
  { id: 3, key: '_inscricaoestadual', name: 'Inscrição Estadual', type: 'text' },
  { id: 4, key: '_analisefinanceira', name: 'Análise Financeira', type: 'text' },
] as const
export type CustomFieldRow = (typeof customFields)[number]

const clientCode = '_cod.cliente'

/**
 * A lead's custom values after `sent` is written over `held`; fields not sent stay. Returns the refusal's text instead
 * when a field is unknown, has the wrong form, names an option that does not exist, or repeats another lead's client code.
 */
export function mergeCustomFields(crm: Crm, leadId: number, held: CustomValues, sent: readonly CustomFieldDto[]): CustomValues | string {
  const merged: Record<string, string | readonly string[]> = { ...held }
  for (const { id, value, options } of sent) {
    const field = customFields.find(({ key }) => key === id)
    if (!field) return `Custom field '${id}' was not found.`
    if (field.type === 'choice') {
      if (!options) return `Custom field '${id}' expects options.`
      const unknown = options.find((option) => !crm.catalogue.representatives.includes(option.value))
      if (unknown) return `Option '${unknown.value}' was not found in custom field '${id}'.`
      merged[id] = options.map((option) => option.value)
    } else {
      if (options) return `Custom field '${id}' expects a value.`
      merged[id] = value ?? ''
    }
  }
  const code = merged[clientCode]
  const changed = typeof code === 'string' && code !== '' && code !== held[clientCode]
  if (changed && crm.policies.uniqueClientCode && crm.state.leadsByClientCode(code).some(({ id }) => id !== leadId)) {
    return `Duplicated Keys: custom field '${clientCode}' already has this value in another lead.`
  }
  return merged
}
