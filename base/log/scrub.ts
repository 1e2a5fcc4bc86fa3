import { maskText } from './mask.ts'

/**
 * Keys whose value is never printed, whatever it is: secrets, and the personal fields of leads and contacts in the names of
 * the ERP, the CRM and its webhooks. Compared in lower case without `_`, `-` and `.`.
 */
const hiddenKeys = new Set(
  `token tokenexact apitoken accesstoken refreshtoken pontetokens password passwd dbpasswd dbpassword pwd senha secret secrets
   webhooksecret webhooksecrets clientsecret authorization cookie setcookie apikey privatekey connectionstring databaseurl
   statedatabaseurl mysqlurl oracleurl redisurl
   email emails mail salesrepemail sdremail phone phone1 phone2 phones telefone celular ddiphone fone
   taxid cnpj cpf cpfcnpj leadcnpj name fullname firstname lastname company leadname contactname nome empresa
   address addressstreet street addressnumber`.split(/\s+/),
)

const deepest = 8
const longestArray = 100

/**
 * A copy of a value that is fit for a log line: hidden keys become `[hidden]`, every text is masked, errors become plain
 * objects (name, code, message, hint, stack, cause). Survives cycles, throwing getters, proxies and deep nesting.
 */
export function scrub<T extends object>(fields: T): Record<string, unknown> {
  return scrubObject(fields, 0, new Set())
}

function scrubValue(value: unknown, depth: number, path: Set<object>): unknown {
  switch (typeof value) {
    case 'string':
      return maskText(value)
    case 'bigint':
      return String(value)
    case 'function':
    case 'symbol':
      return undefined
    case 'object':
      return value === null ? null : scrubReference(value, depth, path)
    default:
      return value
  }
}

function scrubReference(value: object, depth: number, path: Set<object>): unknown {
  if (path.has(value)) return '[circular]'
  if (depth >= deepest) return '[deep]'
  path.add(value)
  try {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
    if (Array.isArray(value)) return scrubArray(value, depth, path)
    if (value instanceof Error) return scrubError(value, depth, path)
    if (value instanceof URL) return maskText(value.href)
    if (value instanceof Map) return scrubObject(Object.fromEntries(value), depth, path)
    if (value instanceof Set) return scrubArray([...value], depth, path)
    return scrubObject(value, depth, path)
  } catch {
    return '[unreadable]'
  } finally {
    path.delete(value)
  }
}

function scrubArray(items: readonly unknown[], depth: number, path: Set<object>): unknown[] {
  const kept = items.slice(0, longestArray).map((item) => scrubValue(item, depth + 1, path))
  if (items.length > longestArray) kept.push(`[${items.length - longestArray} more]`)
  return kept
}

function scrubObject(source: object, depth: number, path: Set<object>): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(source)) {
    const value = read(source, key)
    copy[key] = isHidden(key) && value !== null && value !== undefined ? '[hidden]' : scrubValue(value, depth + 1, path)
  }
  return copy
}

/** Only these fields of an error: libraries hang requests, sockets and rows on theirs. */
function scrubError(error: Error, depth: number, path: Set<object>): Record<string, unknown> {
  const copy: Record<string, unknown> = { type: error.name, message: maskText(error.message) }
  for (const key of ['code', 'hint', 'exitCode', 'inDoubt', 'retryAfterMs', 'errno', 'syscall', 'cause'] as const) {
    const value = read(error, key)
    if (value !== undefined) copy[key] = scrubValue(value, depth + 1, path)
  }
  if (error.stack !== undefined) copy.stack = maskText(error.stack)
  if (error instanceof AggregateError) copy.errors = scrubArray(error.errors, depth, path)
  return copy
}

function read(source: object, key: string): unknown {
  try {
    return (source as Record<string, unknown>)[key]
  } catch {
    return '[unreadable]'
  }
}

function isHidden(key: string): boolean {
  return hiddenKeys.has(key.toLowerCase().replace(/[_.-]/g, ''))
}
