/** An operator changes letters that wait. */
import { PonteError } from '../../base/error.ts'
import { arrivalOf } from '../claim/arrivals.ts'
import { type Seat, takeSeat } from '../claim/seat.ts'
import type { House } from '../house.ts'
import type { Lane } from '../lane.types.ts'
import { filesIn } from '../letter/files-in.ts'
import { readText } from '../letter/letter-lines.ts'
import { labelOf, type ParsedName, parseName, singleName } from '../letter/name.ts'
import { replaceBody } from './edited.ts'

/** See `Lane.editWaiting`. A letter is looked at where it lies, and taken only when it is to be changed. */
export async function editWaiting(house: House, prefix: string, edit: Parameters<Lane['editWaiting']>[1]): Promise<number> {
  const { processar } = house.layout
  let changed = 0
  let seat: Seat | null = null
  try {
    for (const parsed of await waiting(house, prefix)) {
      const body = await bodyOf(`${processar}/${parsed.file}`, parsed)
      if (body === null || edit(body) === null) continue
      if (seat === null || !seat.fresh()) {
        await seat?.leave()
        seat = await takeSeat(house, 'edit')
      }
      if (await editOne(house, seat, parsed, edit)) changed += 1
    }
    return changed
  } finally {
    await seat?.leave()
  }
}

/** Names first: what goes back into the folder while it is listed may be listed again. */
async function waiting(house: House, prefix: string): Promise<ParsedName[]> {
  const found: ParsedName[] = []
  for await (const name of filesIn(house, house.layout.processar)) {
    const parsed = parseName(name, house.prefixes)
    if (parsed?.prefix === prefix) found.push(parsed)
  }
  return found
}

async function editOne(house: House, seat: Seat, parsed: ParsedName, edit: (body: string) => string | null): Promise<boolean> {
  const arrivedAt = await arrivalOf(house, parsed)
  // Gone, or perhaps still being written.
  if (arrivedAt === null) return false
  const ours = parsed.form === 'bulk' || parsed.form === 'single'
  // As in a claim: a name that is not ours may be written anew while we hold it, and must not be overwritten when this goes back.
  const file = ours ? parsed.file : singleName(parsed.prefix, parsed.slug, arrivedAt, house.nextId())
  const at = `${seat.folder}/${file}`
  if (!(await house.disk.rename(`${house.layout.processar}/${parsed.file}`, at))) return false
  const body = await bodyOf(at, parsed)
  const edited = body === null ? null : edit(body)
  if (edited !== null && seat.fresh()) return replaceBody(house, seat.folder, file, edited)
  await house.disk.rename(at, `${house.layout.processar}/${file}`)
  return false
}

/** null: gone, or nothing that can be read, which its delivery will say. */
async function bodyOf(path: string, parsed: ParsedName): Promise<string | null> {
  try {
    return await readText(path, labelOf(parsed))
  } catch (error) {
    if (error instanceof PonteError || ['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
