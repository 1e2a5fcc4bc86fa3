// What the compiled code reads at run time beside itself: SQL, word lists, the pages' style and script, the runbook, the package's own description.
// Usage: node deploy/copy-assets.mjs [folder of the compiled code]
import { chmodSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = process.argv[2] ?? join(root, 'dist')
for (const asset of ['sql', 'api/pages/assets', 'deploy/RUNBOOK.md', 'package.json'])
  cpSync(join(root, asset), join(out, asset), { recursive: true })
chmodSync(join(out, 'cli/main.js'), 0o755)
