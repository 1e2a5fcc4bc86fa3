// What the compiled code reads at run time beside itself: SQL, word lists and the package's own description.
import { chmodSync, cpSync } from 'node:fs'

for (const asset of ['sql', 'package.json'])
  cpSync(new URL(`../${asset}`, import.meta.url), new URL(`../dist/${asset}`, import.meta.url), { recursive: true })
chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755)
