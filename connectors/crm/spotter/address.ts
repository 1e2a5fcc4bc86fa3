import { PonteError } from '../../../base/error.ts'

/**
 * @returns the root of the API; its path ends in `/`
 * @throws PonteError `crm.bad_url`, which does not repeat the text: it may hold a password
 */
export function parseBase(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new PonteError('crm.bad_url', 'the address of the CRM is not an http(s) URL without user, query or fragment', {
      hint: 'set API_URL, for example https://api.exactspotter.com/v3/',
      exitCode: 2,
    })
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** @returns the token as it is. @throws PonteError `crm.bad_token` */
export function parseToken(token: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token
  throw new PonteError('crm.bad_token', 'the token of the CRM is empty or holds blanks or characters that no header can carry', {
    hint: 'check API_TOKEN (or the file of API_TOKEN_FILE) for line breaks and quotes',
    exitCode: 2,
  })
}
