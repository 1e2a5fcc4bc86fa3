/** What goes back to the caller before faults touch it. `body` undefined: no content. */
export interface Reply {
  readonly status: number
  readonly body?: unknown
}

/** The CRM's error shape. */
export function refuse(message: string, status = 400): Reply {
  return { status, body: { error: { code: '', message } } }
}

/** A body that the CRM's typed reader cannot take: flat instead of nested, numbers where texts belong. */
export function refuseShape(): Reply {
  return refuse('dto : An error has occurred')
}

export function notFound(): Reply {
  return refuse('No HTTP resource was found that matches the request URI.', 404)
}

/** A created or changed record's id, as OData wraps a bare number. */
export function idReply(status: number, id: number): Reply {
  return { status, body: { '@odata.context': '$metadata#Edm.Int32', value: id } }
}
