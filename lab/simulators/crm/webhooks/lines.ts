/**
 * Keeps the webhooks of each lead in order:
 *
 *   join ─> the lead's line ─> deliver, one after the other
 *     └───> held back ─ `behind` later ones have joined the line, or `heldMs` are over ─> end of the line
 */
export interface Waiting {
  readonly leadId: number
  readonly behind: number
  readonly heldMs: number
}

export interface Lines<Item extends Waiting> {
  join(item: Item): void
}

/** `deliver` must not reject. `nap` ends early when nothing shall be held back any more. */
export function createLines<Item extends Waiting>(deliver: (item: Item) => Promise<void>, nap: (ms: number) => Promise<void>): Lines<Item> {
  const lines = new Map<number, Item[]>()
  const held = new Map<number, { readonly item: Item; left: number }[]>()

  async function serve(leadId: number, line: Item[]): Promise<void> {
    while (line.length > 0) {
      await deliver(line[0]!)
      line.shift()
    }
    lines.delete(leadId)
  }

  function queue(item: Item): void {
    const line = lines.get(item.leadId)
    if (line) {
      line.push(item)
      return
    }
    const fresh = [item]
    lines.set(item.leadId, fresh)
    void serve(item.leadId, fresh)
  }

  function hold(item: Item): void {
    held.set(item.leadId, [...(held.get(item.leadId) ?? []), { item, left: item.behind }])
    void nap(item.heldMs).then(() => release(item.leadId, (one) => one.item === item))
  }

  function release(leadId: number, ready: (one: { item: Item; left: number }) => boolean): void {
    const all = held.get(leadId) ?? []
    const kept = all.filter((one) => !ready(one))
    if (kept.length > 0) held.set(leadId, kept)
    else held.delete(leadId)
    for (const one of all) if (!kept.includes(one)) queue(one.item)
  }

  return {
    join(item) {
      if (item.behind > 0) {
        hold(item)
        return
      }
      queue(item)
      for (const one of held.get(item.leadId) ?? []) one.left -= 1
      release(item.leadId, ({ left }) => left === 0)
    },
  }
}
