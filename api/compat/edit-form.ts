/** The page of GET /edit_json: escaped, without a script. */
import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'

/** The colours of the pages (`pages/assets/style.css`); this form stands alone, because it also works where the pages are off. */
const style = [
  ':root{color-scheme:light dark;--bg:#f3f5f7;--card:#fff;--line:#d5dbe1;--text:#17212b;--dim:#52606d;--accent:#135f8b;--on:#fff;--ok:#1b7f4b}',
  '@media(prefers-color-scheme:dark){:root{--bg:#11161c;--card:#1a2129;--line:#323c47;--text:#e6ebf0;--dim:#a3b0bd;--accent:#7cc0ea;--on:#0c1a24;--ok:#6fcf97}}',
  '*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,"DejaVu Sans",sans-serif}',
  'main{max-width:28rem;margin:3rem auto;padding:0 1rem}form{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:1rem}',
  'h1{font-size:1.3rem}label{display:block;margin-bottom:.9rem;font-weight:600}',
  'input,select{display:block;width:100%;padding:.5rem;border:1px solid var(--dim);border-radius:4px;background:var(--bg);color:var(--text);font:inherit}',
  'button{padding:.5rem 1rem;border:0;border-radius:4px;background:var(--accent);color:var(--on);font:inherit;font-weight:600}',
  'a{color:var(--accent)}[role=status]{color:var(--ok);font-weight:600}',
].join('')

export const editHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  // With no-referrer, browsers would send `Origin: null` when the form is sent.
  'referrer-policy': 'same-origin',
} as const

/** Custom fields that may be changed, as people know them, and what their values look like. */
export const editable = {
  '_cod.gestores': { label: 'Representante', value: /^\d{1,10}$/ },
  '_cod.cliente': { label: 'Cód. Cliente', value: /^\d{1,10}$/ },
  _inscricaoestadual: { label: 'Inscrição Estadual', value: /^[0-9A-Za-z./ -]{1,20}$/ },
} as const

/** @param changed how many letters the last request changed; null when there was none */
export function editPage(csrf: string, changed: number | null) {
  const options = Object.entries(editable).map(([key, { label }]) => html`<option value="${key}">${label}</option>`)
  return html`<!doctype html>
<html lang="pt-BR">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Leads convertidos à espera</title>
<style>${raw(style)}</style>
<main>
<h1>Leads convertidos à espera</h1>
<p>Põe um valor que falta nos arquivos de um lead convertido que ainda esperam.</p>
${changed === null ? '' : html`<p role="status">${changed} arquivo(s) alterado(s).</p>`}
<form method="post" action="/edit_json">
<input type="hidden" name="csrf" value="${csrf}">
<label>Lead ID <input name="lead_id" inputmode="numeric" required></label>
<label>Campo <select name="depara">${options}</select></label>
<label>Valor <input name="value" required maxlength="20"></label>
<label>Token <input name="token" type="password" autocomplete="off" required></label>
<button>Salvar</button>
</form>
</main>
</html>`
}
