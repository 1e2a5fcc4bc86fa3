#!/usr/bin/env node
// Runs the compiled command when `npm run build` has been run, the TypeScript sources otherwise.
import { existsSync } from 'node:fs'
import { register } from 'tsx/esm/api'

const built = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(built)) await import(built.href)
else {
  register()
  // Reader threads are TypeScript too: they inherit this.
  process.execArgv.push('--import', import.meta.resolve('tsx'))
  await import('./main.ts')
}
