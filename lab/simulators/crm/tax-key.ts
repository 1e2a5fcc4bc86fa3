/** A tax id as duplicity is judged: letters and digits only, upper case (an alphanumeric CNPJ stays itself). */
export function taxKey(taxId: string): string {
  return taxId.replace(/[^0-9A-Za-z]/g, '').toUpperCase()
}
