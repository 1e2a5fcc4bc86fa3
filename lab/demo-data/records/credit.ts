/** CREDIT_LIMIT_HISTORY: most clients have none, some several lines, now and then two of one day. */
import type { Settings } from '../options.ts'
import { Random, streams } from '../random.ts'

export interface CreditLine {
  /** Counts from 1 within the client. */
  readonly sequence: number
  /** Days since 1970-01-01. */
  readonly day: number
  readonly observations: string
  readonly user: string
}

const users = ['FINANCEIRO', 'CREDITO', 'MARCIA', 'CRM'] as const
const grades = ['A', 'B', 'B+', 'C', 'D'] as const
const amounts = ['5.000,00', '12.500,00', '30.000,00', '50.000,00', '120.000,00', '1.000.000,00'] as const

export function drawObservation(random: Random): string {
  switch (random.below(7)) {
    case 0:
      return `Limite de R$ ${random.pick(amounts)} aprovado, classificação ${random.pick(grades)}`
    case 1:
      return `Serasa sem restrições em ${random.between(1, 28)}/${random.between(1, 12)}; limite R$ ${random.pick(amounts)}`
    case 2:
      return `Somente à vista até regularização - protesto de R$ ${random.pick(amounts)} `
    case 3:
      return `ANÁLISE OK ${random.pick(grades)} - PRAZO ${random.pick([28, 30, 45, 60])} DIAS`
    case 4:
      return `Cliente "especial": consultar a diretoria & o comercial; nota ${random.between(1, 10)}`
    case 5:
      return `Balanço ${random.between(2021, 2025)} apresentado; faturamento médio R$ ${random.pick(amounts)}/mês; sócios sem apontamentos; visita técnica feita pela área comercial, relatório arquivado na pasta do cliente sob o nº ${random.between(1000, 9999)}`
    default:
      return `Crédito suspenso - aguardando documentação (${random.between(2, 9)} pendências)`
  }
}

export function drawCreditHistory(settings: Settings, client: number): CreditLine[] {
  const random = new Random(settings.seed, streams.credit, client)
  if (random.chance(64)) return []
  const lines: CreditLine[] = []
  const count = random.chance(55) ? 1 : random.between(2, 5)
  let day = settings.todayNumber - random.between(900, 1_600)
  for (let sequence = 1; sequence <= count; sequence++) {
    lines.push({ sequence, day, observations: drawObservation(random), user: random.pick(users) })
    if (!random.chance(8)) day += random.between(1, 220)
  }
  return lines
}

/** What VW_CRM_CLIENTS shows: the line with the highest number. */
export const latestObservation = (lines: readonly CreditLine[]): string | null => lines.at(-1)?.observations ?? null
