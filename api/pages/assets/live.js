/**
 * Keeps the parts of a page that are marked `data-live` up to date: asks for the same page again and puts in what changed, node by node,
 * so that nothing flickers and nobody loses their place. Without it every page works, and shows what was when it was opened.
 */
const body = document.body
const every = Number(body?.dataset.liveEvery ?? 0) * 1000
const status = document.getElementById('live')
let since = null

/** @returns whether somebody works in it: then it stays as it is */
const inUse = (part) => part.contains(document.activeElement) && document.activeElement?.matches('input, select, textarea, summary')

function replace(fresh) {
  for (const part of document.querySelectorAll('[data-live]')) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`)
    if (other && !inUse(part)) morph(part, other)
  }
}

/** Makes `old` like `fresh`, touching only what differs. */
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh.cloneNode(true))
    return
  }
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS')) old.removeAttribute(name)
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  const olds = [...old.childNodes]
  const news = [...fresh.childNodes]
  for (const [index, node] of news.entries()) {
    if (olds[index]) morph(olds[index], node)
    else old.append(node.cloneNode(true))
  }
  for (const extra of olds.slice(news.length)) extra.remove()
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { 'x-ponte-live': '1' }, cache: 'no-store' })
    // The session has ended: the page itself leads to the login.
    if (answer.status === 401) return location.reload()
    if (!answer.ok) throw new Error(String(answer.status))
    replace(new DOMParser().parseFromString(await answer.text(), 'text/html'))
    since = null
    say('Live.')
  } catch {
    since ??= new Date()
    say(`No answer since ${since.toLocaleTimeString()}: these figures are old.`)
  }
  plan()
}

/** A line that does not change is not read out again. */
function say(text) {
  if (status && status.textContent !== text) status.textContent = text
  body.classList.toggle('stale', since !== null)
}

function plan() {
  if (document.hidden) document.addEventListener('visibilitychange', refresh, { once: true })
  else setTimeout(refresh, every)
}

if (every > 0) {
  say('Live.')
  plan()
}

// A box that stands for all others of its form.
for (const all of document.querySelectorAll('input[data-all]')) {
  all.hidden = false
  all.addEventListener('change', () => {
    for (const one of all.form.querySelectorAll(`input[type=checkbox][name="${all.dataset.all}"]`)) one.checked = all.checked
  })
}
