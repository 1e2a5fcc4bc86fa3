/**
 * Pages as one JSON array, a page at a time as the reader takes them. A page that fails cuts the answer instead of ending
 * it: a short list that reads like a whole one would be believed.
 *
 * @param first what the pages gave first, fetched already
 * @param onCut told why
 */
export function jsonArray<T>(
  first: IteratorResult<readonly T[]>,
  pages: AsyncIterator<readonly T[]>,
  onCut: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder()
  let ready: IteratorResult<readonly T[]> | null = first
  let before = '['
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const page = ready ?? (await pages.next())
          ready = null
          if (page.done) {
            controller.enqueue(bytes.encode(before === '[' ? '[]' : ']'))
            controller.close()
            return
          }
          controller.enqueue(bytes.encode(before + page.value.map((item) => JSON.stringify(item)).join(',')))
          before = ','
        } catch (error) {
          onCut(error)
          throw error
        }
      },
      async cancel() {
        await pages.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
