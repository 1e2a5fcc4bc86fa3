/** The words that addresses and people are made of. Lists only: how they combine is in address.ts and people.ts. */
import { wordsOf } from './word-list.ts'

export const streetTypes = wordsOf(`
  Rua; Rua; Rua; Rua; Rua; Avenida; Avenida; Av.; R.; Travessa; Alameda; Praça; Estrada
`)

export const streetNames = wordsOf(`
  XV de Novembro; Sete de Setembro; Quinze de Novembro; Treze de Maio; Primeiro de Maio; Vinte e Cinco de Março; Marechal Deodoro;
  Marechal Floriano; Getúlio Vargas; Tiradentes; Dom Pedro II; Dom Pedro I; Princesa Isabel; Duque de Caxias; Barão do Rio Branco;
  Rui Barbosa; Santos Dumont; Presidente Vargas; Juscelino Kubitschek; Castelo Branco; Tancredo Neves; Independência; República;
  Brasil; São Paulo; Minas Gerais; Paraná; Rio de Janeiro; Amazonas; São José; São João; Santo Antônio; Santa Luzia;
  Nossa Senhora Aparecida; das Flores; dos Expedicionários; das Palmeiras; dos Andradas; do Comércio; da Consolação; do Rosário;
  José Bonifácio; Joaquim Nabuco; Padre Cícero; Padre Anchieta; Coronel Fonseca; General Osório; Almirante Barroso; Visconde de Mauá;
  Benjamin Constant; Floriano Peixoto; Prudente de Morais; Campos Sales; Afonso Pena; Epitácio Pessoa; João Pessoa; Carlos Gomes;
  Castro Alves; Machado de Assis; Monteiro Lobato; Olavo Bilac; Gonçalves Dias; Euclides da Cunha; Érico Veríssimo; Anita Garibaldi;
  Bento Gonçalves; Antônio Conselheiro; Zumbi dos Palmares; Voluntários da Pátria; Caixa d'Água; Joana d'Arc; Conceição da Barra;
  Frei Caneca; João XXIII; Luís de Camões; Ângelo Bevilácqua; Horácio Sabino; Américo Brasiliense; Vergueiro; Paulista
`)

export const highways = ['BR-101', 'BR-116', 'BR-153', 'BR-040', 'BR-277', 'BR-364', 'BR-381', 'BR-050', 'BR-163', 'BR-230'] as const

export const districtTypes = wordsOf(`
  Jardim; Jardim; Vila; Vila; Parque; Residencial; Conjunto; Núcleo; Chácara; Loteamento
`)

export const districtNames = wordsOf(`
  América; Europa; das Nações; São Francisco; São Luiz; Santa Mônica; Santa Inês; Boa Esperança; Bela Vista; Primavera; Paraíso;
  Industrial; Nova Conquista; dos Ipês; das Acácias; Alvorada; Itália; Brasília; Planalto; Universitário; Olímpico; Imperial;
  Aeroporto; Esplanada; Guanabara; Maracanã; Progresso; Operária; União; Mariana; Formosa; Leopoldina; Olaria; Vitória
`)

export const plainDistricts = wordsOf(`
  Centro; Centro; Centro; CENTRO; Distrito Industrial; Boa Vista; Zona Rural; Cidade Nova; Cidade Alta; Aldeota; Savassi; Batel; Moema;
  Água Verde; São Cristóvão; Barra d'Ouro; Três Vendas; Fátima; Navegantes; Petrópolis; Copacabana; Água Fria; Conceição
`)

export const givenNames = wordsOf(`
  Ana; Antônio; Beatriz; Bruno; Camila; Carlos; Cláudia; Daniel; Débora; Eduardo; Fábio; Fernanda; Flávia; Francisco; Gabriel; Gustavo;
  Helena; Inês; João; Joaquim; José; Juliana; Júlio; Larissa; Laís; Leonardo; Letícia; Lúcia; Luís; Luiza; Marcelo; Márcia; Marcos;
  Maria; Mariana; Mário; Mônica; Natália; Otávio; Patrícia; Paulo; Pedro; Rafael; Regina; Renata; Ricardo; Roberto; Rodrigo; Sandra;
  Sebastião; Sérgio; Simone; Sônia; Tânia; Thiago; Vânia; Vera; Vinícius
`)

export const middleNames = wordsOf(`
  Aparecida; Carlos; de Fátima; Eduardo; Henrique; Luiz; Augusto; Cristina; Helena; Conceição
`)

export const surnames = wordsOf(`
  Silva; Santos; Oliveira; Souza; Rodrigues; Ferreira; Alves; Pereira; Lima; Gomes; Costa; Ribeiro; Martins; Carvalho; Almeida; Lopes;
  Soares; Fernandes; Vieira; Barbosa; Rocha; Dias; Nascimento; Andrade; Moreira; Nunes; Marques; Machado; Mendes; Freitas; Cardoso;
  Ramos; Gonçalves; Santana; Teixeira; Araújo; Magalhães; Guimarães; Antunes; Corrêa; Conceição; Assunção; Brandão; Damião; Falcão;
  Leão; Simões; Müller; Schäfer; Zanetti; D'Ávila; Sant'Anna; D'Angelo; Bortolini; Nakamura; Tanaka; Kowalski; Haddad; Cavalcânti;
  Peçanha
`)

/** CONTACT_JOB_TITLES: the place in the list, from 1, is the code. */
export const jobTitles = wordsOf(`
  Comprador; Gerente de Compras; Diretor Comercial; Sócio-proprietário; Contador; Analista de Suprimentos; Gerente Financeiro;
  Secretária; Engenheiro de Produção; Gerente de Manutenção; Assistente Administrativo; Diretor Industrial
`)

/** What people type instead of choosing a code; the last is longer than the CRM's 30 characters. */
export const freeJobTitles = wordsOf(`
  compras; DONO; Sócia; Resp. técnico; Gerente; Almoxarife; Aux. de escritório; Coordenador de Logística e Distribuição Regional
`)
