/** Where Bull Board is. */
export const painelPath = '/painel'
