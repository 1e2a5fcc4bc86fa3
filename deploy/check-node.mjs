// Scripts of a clone run on the Node that npm brings (deploy/node). Where npm has none for the platform, the one that is here does: said in one line.
import wanted from './node/package.json' with { type: 'json' }

const { version, platform, arch } = process
if (version !== `v${wanted.version}`)
  console.error(
    `Node ${version} runs this: \`npm ci\` has brought no ${wanted.version} for ${platform}-${arch}. Ponte needs 22.22.2, 24.15, or 26.`,
  )
