/**
 * The 27 states: name, how many of a hundred companies live there (rounded from the register of companies), and how a state
 * registration looks (`9` is a digit). Only the look is right: registration check digits differ per state and are not computed.
 */
export interface State {
  readonly code: string
  readonly name: string
  readonly weight: number
  readonly registration: string
}

const state = (code: string, name: string, weight: number, registration: string): State => ({ code, name, weight, registration })

export const states: readonly State[] = [
  state('AC', 'Acre', 0.4, '99.999.999/999-99'),
  state('AL', 'Alagoas', 1, '999999999'),
  state('AP', 'Amapá', 0.4, '999999999'),
  state('AM', 'Amazonas', 1.2, '99.999.999-9'),
  state('BA', 'Bahia', 4.9, '999999-99'),
  state('CE', 'Ceará', 3.2, '99999999-9'),
  state('DF', 'Distrito Federal', 1.8, '99999999999-99'),
  state('ES', 'Espírito Santo', 2.2, '99999999-9'),
  state('GO', 'Goiás', 3.9, '99.999.999-9'),
  state('MA', 'Maranhão', 1.6, '99999999-9'),
  state('MT', 'Mato Grosso', 2.3, '9999999999-9'),
  state('MS', 'Mato Grosso do Sul', 1.5, '99999999-9'),
  state('MG', 'Minas Gerais', 10.8, '999.999.999/9999'),
  state('PA', 'Pará', 2.1, '99-999999-9'),
  state('PB', 'Paraíba', 1.3, '99999999-9'),
  state('PR', 'Paraná', 7.6, '999.99999-99'),
  state('PE', 'Pernambuco', 3, '9999999-99'),
  state('PI', 'Piauí', 0.9, '999999999'),
  state('RJ', 'Rio de Janeiro', 8.6, '99.999.99-9'),
  state('RN', 'Rio Grande do Norte', 1.2, '99.999.999-9'),
  state('RS', 'Rio Grande do Sul', 7.4, '999/9999999'),
  state('RO', 'Rondônia', 0.8, '9999999999999-9'),
  state('RR', 'Roraima', 0.3, '99999999-9'),
  state('SC', 'Santa Catarina', 6.2, '999.999.999'),
  state('SP', 'São Paulo', 28.9, '999.999.999.999'),
  state('SE', 'Sergipe', 0.8, '99999999-9'),
  state('TO', 'Tocantins', 0.7, '99999999999'),
]

const nameByCode = new Map(states.map(({ code, name }) => [code, name]))
/** São Paulo for SP. */
export const stateName = (code: string): string => nameByCode.get(code)!
