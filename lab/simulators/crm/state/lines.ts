/** Cuts a buffer at its newlines without turning all of it into one text (texts end at 512 MiB). `whole` is false for a last line without newline. */
export function* eachLine(bytes: Buffer): Generator<{ text: string; start: number; end: number; whole: boolean }> {
  let start = 0
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start)
    const whole = newline >= 0
    const end = whole ? newline + 1 : bytes.length
    yield { text: bytes.toString('utf8', start, whole ? newline : end), start, end, whole }
    start = end
  }
}
