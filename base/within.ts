/**
 * @param late makes the error that is thrown when it takes longer
 * @returns what `work` returns. @throws what it throws, or `late()` when it takes longer than `ms`; it then goes on unheard
 */
export async function within<T>(ms: number, work: Promise<T>, late = () => new Error(`no answer within ${ms} ms`)): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms)
  })
  try {
    return await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
