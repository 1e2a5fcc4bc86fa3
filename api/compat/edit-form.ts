/** The page of GET /edit_json: escaped, without a script. */
import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:2rem auto;padding:0 1rem}label,button{display:block;margin:.8rem 0}input,select{display:block;width:100%;font:inherit}'

export const editHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  // With no-referrer, browsers would send `Origin: null` when the form is sent.
  'referrer-policy': 'same-origin',
} as const

/** Custom fields that may be changed, as people know them (mission E.1 #26), and what their values look like. */
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
<title>Leads convertidos à espera</title>
<style>${raw(style)}</style>
<h1>Leads convertidos à espera</h1>
${changed === null ? '' : html`<p role="status">${changed} arquivo(s) alterado(s).</p>`}
<form method="post" action="/edit_json">
<input type="hidden" name="csrf" value="${csrf}">
<label>Lead ID <input name="lead_id" inputmode="numeric" required></label>
<label>Campo <select name="depara">${options}</select></label>
<label>Valor <input name="value" required maxlength="20"></label>
<label>Token <input name="token" type="password" autocomplete="off" required></label>
<button>Salvar</button>
</form>
</html>`
}
