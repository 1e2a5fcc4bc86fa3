/** The frame of every page: head, navigation, what a person is told about themselves. */
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { visible } from '../../base/visible.ts'
import type { ApiEnv, Person } from '../http/types.ts'
import { assetUrl } from './assets.ts'
import type { Clock } from './format.ts'

/** What every page knows. */
export interface View {
  readonly person: Person
  readonly clock: Clock
  /** Of this request: the navigation marks where one is. */
  readonly path: string
}

/** [path, name, what it is for] */
const places = [
  ['/ui', 'Home', 'both directions at a glance'],
  ['/ui/jobs', 'Jobs', 'runs and schedules'],
  ['/ui/falhas', 'Falhas', 'letters that were refused'],
  ['/ui/conflicts', 'Conflicts', 'fields that both sides changed'],
  ['/ui/search', 'Search', 'everything about one tax id'],
  ['/ui/audit', 'Audit', 'what operators did'],
  ['/painel', 'Queues', 'Bull Board'],
] as const

export interface Framed {
  readonly title: string
  /** Parts marked `data-live` are refreshed every few seconds. */
  readonly live?: boolean
  readonly status?: ContentfulStatusCode
}

/** Answers with a page of somebody who is logged in. */
export function page(
  c: Context<ApiEnv>,
  view: View,
  { title, live = false, status = 200 }: Framed,
  body: Child,
): Response | Promise<Response> {
  const { person, path, clock } = view
  return document(
    c,
    title,
    status,
    <body data-live-every={live ? '5' : undefined}>
      <a class="skip" href="#main">
        To the content
      </a>
      <header class="top">
        <a class="brand" href="/ui">
          <Mark /> Ponte
        </a>
        <nav aria-label="Pages">
          <ul>
            {places.map(([to, name, hint]) => (
              <li>
                <a href={to} title={hint} aria-current={isHere(path, to) ? 'page' : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="me">
          <a href="/ui/password" title="Change your password">
            {person.name}
          </a>{' '}
          <span class="role">{person.role}</span>
          <form method="post" action="/ui/logout">
            <Csrf person={person} />
            <button class="plain" type="submit">
              Log out
            </button>
          </form>
        </div>
      </header>
      <main id="main" tabindex={-1}>
        {body}
      </main>
      <footer>
        Times are those of {clock.zone.replaceAll('_', ' ')}. <span id="live" role="status" />
      </footer>
    </body>,
  )
}

/** A page for whoever is not logged in. */
export function barePage(c: Context<ApiEnv>, title: string, status: ContentfulStatusCode, body: Child): Response | Promise<Response> {
  return document(
    c,
    title,
    status,
    <body class="bare">
      <main id="main">
        <p class="brand">
          <Mark /> Ponte
        </p>
        {body}
      </main>
    </body>,
  )
}

async function document(c: Context<ApiEnv>, title: string, status: ContentfulStatusCode, body: Child): Promise<Response> {
  const written = await html`<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title} · Ponte</title>
        <link rel="icon" href={assetUrl('icon.svg')} type="image/svg+xml" />
        <link rel="stylesheet" href={assetUrl('style.css')} />
        <script src={assetUrl('live.js')} defer />
      </head>
      {body}
    </html>
  )}`
  // Between tags alone: what a form holds stays exact.
  return c.html(String(written).replaceAll(/>[^<]+/g, visible), status)
}

/** Hidden in every form that is sent by POST. */
export const Csrf = ({ person }: { person: Person }) => <input type="hidden" name="csrf" value={person.csrf} />

const isHere = (path: string, to: string): boolean => (to === '/ui' ? path === to : path === to || path.startsWith(`${to}/`))

/** A bridge. */
const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path d="M2 23h28M6 23v-4a10 10 0 0 1 20 0v4M11 23v-9M16 23v-14M21 23v-9" />
  </svg>
)
