/** Bodies: at most 1 MiB of plain bytes, whatever the headers claim. */
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import { ApiError } from './errors.ts'
import type { ApiEnv } from './types.ts'

export const MAX_BODY = 1024 * 1024
/** All bodies that are being read at one time. */
const MAX_BODIES = 64 * 1024 * 1024

/** Refuses by the headers alone what is too large or compressed, before a byte of it is read. */
export function checkLength() {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const length = c.req.header('content-length')
    if (length !== undefined && Number(length) > MAX_BODY) throw tooLarge()
    const encoding = c.req.header('content-encoding')
    // A compressed body would have to be unpacked to be known: a bomb.
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity')
      throw new ApiError('UNSUPPORTED_MEDIA_TYPE', 'The body is compressed.', { hint: 'send it as it is, without Content-Encoding' })
    await next()
  })
}

/** For routes that let Hono read their body: without a length, what comes is counted. Hono's limit is slow, so only then. */
export function limitStreams() {
  const counted = bodyLimit({
    maxSize: MAX_BODY,
    onError: () => {
      throw tooLarge()
    },
  })
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (c.req.header('transfer-encoding') === undefined) return next()
    return counted(c, next)
  })
}

/**
 * A reader of whole bodies, counted as they come, so that memory is bounded also without a Content-Length.
 * @throws ApiError PAYLOAD_TOO_LARGE | BUSY (too much is being read already) | INVALID_PAYLOAD (it ended early)
 */
export function createBodyReader(): (c: Context<ApiEnv>) => Promise<Buffer> {
  let total = 0
  return async (c) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const add = (chunk: Uint8Array) => {
      chunks.push(chunk)
      size += chunk.length
      total += chunk.length
      if (size > MAX_BODY) throw tooLarge()
      if (total > MAX_BODIES) throw new ApiError('BUSY', 'Too much is being received at this moment.')
    }
    try {
      await (c.env?.incoming ? readIncoming(c.env.incoming, add) : readStream(c.req.raw.body, add))
    } finally {
      total -= size
    }
    return chunks.length === 1 ? Buffer.from(chunks[0]!.buffer, chunks[0]!.byteOffset, size) : Buffer.concat(chunks, size)
  }
}

/** Straight from the connection: a web stream around it costs more than the rest of the request. */
function readIncoming(incoming: NonNullable<ApiEnv['Bindings']['incoming']>, add: (chunk: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onData = (chunk: Buffer) => {
      try {
        add(chunk)
      } catch (error) {
        settle(error)
      }
    }
    const onEnd = () => settle()
    const onBroken = () => settle(endedEarly())
    incoming.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  })
}

async function readStream(stream: ReadableStream<Uint8Array> | null, add: (chunk: Uint8Array) => void): Promise<void> {
  if (stream === null) return
  const reader = stream.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) add(part.value)
}

function tooLarge(): ApiError {
  return new ApiError('PAYLOAD_TOO_LARGE', 'The body is larger than 1 MiB.', { headers: { connection: 'close' } })
}

const endedEarly = () => new ApiError('INVALID_PAYLOAD', 'The body ended early.')
