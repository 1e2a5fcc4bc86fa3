/** Style, script and icon of the pages: read once, named by their content, so that browsers may keep them for ever. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import type { ApiEnv } from '../http/types.ts'

const types = {
  'style.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const
export type Asset = keyof typeof types

const assets = Object.fromEntries(
  Object.entries(types).map(([name, type]) => {
    const body = readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8')
    const version = createHash('sha256').update(body).digest('hex').slice(0, 12)
    return [name, { body, type, url: `/ui/assets/${version}/${name}` }]
  }),
) as Readonly<Record<Asset, { body: string; type: string; url: string }>>

export const assetUrl = (name: Asset): string => assets[name].url

export function registerAssets(pages: Hono<ApiEnv>): void {
  for (const { body, type, url } of Object.values(assets))
    pages.get(url, (c) => c.body(body, 200, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' }))
}
