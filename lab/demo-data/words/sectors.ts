import { wordsOf } from './word-list.ts'

/** INDUSTRIES of the ERP and how companies of each like to be called. `10` is the house's "unknown" (step 4c). */
export interface Sector {
  readonly code: number
  readonly description: string
  /** Words before the family or fantasy name. */
  readonly openings: readonly string[]
}

const sector = (code: number, description: string, ...openings: string[]): Sector => ({ code, description, openings })

export const UNKNOWN_SECTOR = sector(10, 'OUTROS', 'Comercial', 'Grupo', 'Serviços')

export const sectors: readonly Sector[] = [
  sector(11, 'METALURGIA', 'Metalúrgica', 'Usinagem', 'Fundição', 'Indústria Metalúrgica'),
  sector(12, 'PLÁSTICOS E EMBALAGENS', 'Plásticos', 'Embalagens', 'Indústria de Embalagens', 'Injeção Plástica'),
  sector(13, 'ALIMENTOS', 'Alimentos', 'Frigorífico', 'Moinho', 'Indústria de Alimentos', 'Panificadora', 'Laticínios'),
  sector(14, 'BEBIDAS', 'Bebidas', 'Vinícola', 'Cervejaria', 'Distribuidora de Bebidas', 'Água Mineral'),
  sector(15, 'TÊXTIL E CONFECÇÕES', 'Tecelagem', 'Confecções', 'Malharia', 'Têxtil'),
  sector(16, 'CALÇADOS', 'Calçados', 'Curtume', 'Indústria de Calçados'),
  sector(17, 'MÓVEIS', 'Móveis', 'Marcenaria', 'Móveis Planejados', 'Indústria de Móveis'),
  sector(18, 'MADEIRA', 'Madeireira', 'Serraria', 'Laminados'),
  sector(19, 'PAPEL E CELULOSE', 'Papelaria', 'Gráfica', 'Papéis', 'Cartonagem'),
  sector(20, 'QUÍMICA', 'Química', 'Tintas', 'Produtos de Limpeza', 'Saneantes'),
  sector(21, 'FARMACÊUTICA', 'Farmácia', 'Drogaria', 'Laboratório Farmacêutico', 'Distribuidora de Medicamentos'),
  sector(22, 'CONSTRUÇÃO CIVIL', 'Construtora', 'Incorporadora', 'Engenharia', 'Materiais de Construção', 'Pré-moldados'),
  sector(23, 'AUTOPEÇAS', 'Auto Peças', 'Retífica', 'Autopeças', 'Distribuidora de Autopeças'),
  sector(24, 'TRANSPORTE E LOGÍSTICA', 'Transportes', 'Transportadora', 'Logística', 'Armazéns Gerais'),
  sector(25, 'AGRONEGÓCIO', 'Agropecuária', 'Cooperativa Agrícola', 'Fazenda', 'Insumos Agrícolas', 'Cerealista'),
  sector(26, 'SUPERMERCADOS', 'Supermercado', 'Mercado', 'Atacadista', 'Mercearia'),
  sector(27, 'COMÉRCIO VAREJISTA', 'Comércio', 'Lojas', 'Casa', 'Bazar', 'Magazine'),
  sector(28, 'MÁQUINAS E EQUIPAMENTOS', 'Máquinas', 'Equipamentos', 'Indústria de Máquinas', 'Hidráulica'),
  sector(29, 'ELETRÔNICOS', 'Eletrônica', 'Automação', 'Instrumentação', 'Elétrica'),
  sector(30, 'TECNOLOGIA DA INFORMAÇÃO', 'Informática', 'Sistemas', 'Tecnologia', 'Soluções Digitais'),
  sector(31, 'SAÚDE', 'Clínica', 'Hospital', 'Centro Médico', 'Odontologia'),
  sector(32, 'EDUCAÇÃO', 'Colégio', 'Escola', 'Instituto de Educação', 'Centro Universitário'),
  sector(33, 'HOTELARIA E TURISMO', 'Hotel', 'Pousada', 'Agência de Viagens', 'Restaurante'),
  sector(34, 'ENERGIA', 'Energia Solar', 'Engenharia Elétrica', 'Biomassa', 'Auto Posto'),
  sector(35, 'MINERAÇÃO', 'Mineração', 'Pedreira', 'Mármores e Granitos', 'Cerâmica'),
  sector(36, 'COSMÉTICOS', 'Cosméticos', 'Perfumaria', 'Higiene Pessoal'),
]

export const fantasyNames = wordsOf(`
  Aliança; Atlântico; Boa Vista; Bom Jesus; Central; Cruzeiro do Sul; Dois Irmãos; Esperança; Estrela; Globo; Horizonte; Ipiranga;
  Irmãos Unidos; Líder; Mantiqueira; Nordeste; Ouro Verde; Pantanal; Pão de Mel; Planalto; Ponto Certo; Primavera; Rio Claro; Santa Fé;
  São Jorge; São Judas; Serra Azul; Sol Nascente; Três Corações; Três Marias; Tupã; União; Vitória-Régia; Xingu
`)

export const suffixes = wordsOf(`
  Ltda; Ltda; Ltda; Ltda.; LTDA; LTDA - ME; ME; EPP; EIRELI; EIRELI - ME; S.A.; S/A; e Filhos Ltda; & Cia. Ltda
`)

/** Tails that push a name past the CRM's 40 characters. */
export const longTails = wordsOf(`
  Comércio, Importação e Exportação; Indústria e Comércio de Produtos Especiais; Prestadora de Serviços de Manutenção Industrial;
  Administração e Participações Societárias
`)

const nameByCode = new Map([UNKNOWN_SECTOR, ...sectors].map(({ code, description }) => [code, description]))
export const sectorName = (code: number): string => nameByCode.get(code)!
