// Scripts of a clone run on the Node that npm brings (deploy/node). Where npm has none for the platform, the one that is here does: said in one line.
import wanted from './node/package.json' with { type: 'json' }

const { version } = process
if (version !== `v${wanted.version}`)
  console.error(`Node ${version} runs this: npm brought no ${wanted.version} for ${process.platform}-${process.arch}.`)
