import { isUtf8 } from 'node:buffer'

/**
 * JSON that another program sent over HTTP, as text. JSON is UTF-8, so a charset that the header declares counts only when the bytes are
 * none: servers that declare ISO-8859-1 by default and send UTF-8 all the same are many.
 *
 * @param contentType the header as it came, with its charset
 * @returns null when the bytes are no UTF-8 and no charset that is known here was declared: guessing would put wrong letters into names
 */
export function httpText(bytes: Buffer, contentType: string | null | undefined): string | null {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const charset = /;\s*charset="?([\w.:-]+)/i.exec(contentType ?? '')?.[1]
  if (charset === undefined) return null
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
