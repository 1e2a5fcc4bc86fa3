// What the compiled code reads at run time beside itself: SQL and the package's own description.
import { cpSync } from 'node:fs'

for (const asset of ['sql', 'package.json', 'cli/ponte.mjs']) cpSync(new URL(`../${asset}`, import.meta.url), new URL(`../dist/${asset}`, import.meta.url), { recursive: true })
