/**
 * Splits a script of ours as SQL*Plus does: `/` alone on a line ends a PL/SQL block, `;` at the end of a line a plain statement.
 * A block keeps its last `;`, a plain statement loses it: so a driver takes each. Comments before a statement are left out.
 */
const BLOCK = /^\s*(create\s+(or\s+replace\s+)?(package|procedure|function|trigger|type)|declare|begin)\b/i

export function splitStatements(script: string): string[] {
  const statements: string[] = []
  let lines: string[] = []
  const end = (text: string) => {
    if (text !== '') statements.push(text)
    lines = []
  }
  for (const line of script.split(/\r?\n/)) {
    const started = lines.length > 0
    if (!started && (line.trim() === '' || line.startsWith('--'))) continue
    const block = BLOCK.test(started ? lines[0]! : line)
    if (block && line.trim() === '/') {
      end(lines.join('\n'))
      continue
    }
    lines.push(line)
    if (!block && openQuotes(lines) === 0 && /;\s*$/.test(line)) end(lines.join('\n').trimEnd().slice(0, -1))
  }
  end(lines.join('\n').trim())
  return statements
}

/** 1 inside a text literal. Apostrophes of comments do not count. */
function openQuotes(lines: readonly string[]): number {
  let open = false
  for (const line of lines) {
    for (let at = 0; at < line.length; at++) {
      if (line[at] === "'") open = !open
      else if (!open && line.startsWith('--', at)) break
    }
  }
  return open ? 1 : 0
}
