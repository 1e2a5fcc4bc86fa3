/** `a; b; c` over any number of lines -> a, b, c. A word may come twice to be drawn twice as often. */
export const wordsOf = (text: string): readonly string[] =>
  text
    .split(/[;\n]/)
    .map((word) => word.trim())
    .filter((word) => word !== '')
