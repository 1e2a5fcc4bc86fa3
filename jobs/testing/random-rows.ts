/** Random companies, leads and contacts on both sides, of which many differ. */
import type pg from 'pg'
import { seedReference } from './small-erp.ts'

/** Random rows, some of them spelled as people and spreadsheets do: view and engine must agree row by row. About half the leads agree with their branch. */
export async function addRandomRows(erp: pg.Pool, rows: number, seed: number): Promise<void> {
  await seedReference(erp)
  const sql = (text: string) => erp.query(text)
  await sql(`select setseed(${(seed % 1000) / 1000})`)
  await sql('alter table leads disable trigger user; alter table contacts disable trigger user')
  await sql(`insert into clients (client_code, company_name) select i, 'C' from generate_series(1, ${rows}) i`)
  // One session, so that setseed rules all of it.
  const client = await erp.connect()
  try {
    await client.query(`select setseed(${(seed % 1000) / 1000})`)
    await client.query(`create temporary table seeds as
      select i, random() as same, random() as a, random() as b, random() as c, random() as d, random() as e from generate_series(1, ${rows}) i`)
    await client.query(`
      insert into branches (client, code, description, taxid, integrate_crm, id_crm, city, address, address_number, complement, zipcode, district, sales_rep, tax_registration)
      select i, 1, (array['PADARIA SÃO JOÃO', E'\\tAÇOUGUE\\x01 BOI', 'LOJA 1', 'Ótica & Cia'])[1 + floor(a * 4)], lpad((10000000000000 + i)::text, 14, '0'), 'S', case when e < 0.9 then i + 1000000 end,
             1 + floor(b * 2), (array['Rua Á', 'RUA Á', 'Avenida Ç', null])[1 + floor(c * 4)], floor(d * 3), (array['Sala 1', null])[1 + floor(a * 2)],
             (array['01310100', '20.040-020', '1310100.0', null])[1 + floor(b * 4)], (array['Centro', null])[1 + floor(c * 2)], (array[7, 99])[1 + floor(d * 2)],
             (array['ISENTO', '12345', null])[1 + floor(e * 3)] from seeds`)
    await client.query(`insert into credit_limit_history (client_code, sequence_number, entry_date, observations)
      select i, 1, now(), 'análise ' || floor(a * 3) from seeds where b < 0.3`)
    await client.query(`
      insert into leads (id, stage, name, taxid, address_street, address_zipcode, address_number, address_complement, address_district, city, state, sales_rep, client_code, tax_registration, financial_analysis)
      select s.i + 1000000, (array['Desenvolvimento/Orçamento', 'Ativação', 'Novos leads', null])[1 + floor(s.d * 4)],
             case when same < 0.85 then v.company_name else 'OUTRA' end, v.taxid, case when same between 0.5 and 0.55 then null else v.address_street end, case when same < 0.1 then '20040020' when same < 0.2 then zipcode_key(v.address_zipcode) else v.address_zipcode end,
             case when same between 0.55 and 0.6 then 77 else v.address_number end, case when same between 0.6 and 0.65 then 'X' else v.address_complement end, v.address_district,
             case when same between 0.65 and 0.7 then 'Maceió' else v.city end, v.state, case when same between 0.7 and 0.75 then 12 else v.sales_rep end, v.client_code,
             case when same between 0.75 and 0.8 then '999' else v.tax_registration end, case when same between 0.8 and 0.85 then null else v.financial_analysis end
        from seeds s join vw_crm_clients v on v.client_code = s.i where s.c < 0.95`)
    await client.query(`
      insert into contact (code, name, email, phone, job_title_desc, branch_client, branch_code, is_primary, id_crm)
      select i, (array['Ana', 'JOSÉ', 'Zoë'])[1 + floor(a * 3)], 'c' || i || '@example.com', (array['1133334444', '(11) 4002.0922', '(11) 98765-4321 / 3333-4444', null])[1 + floor(b * 4)], (array['Chefe', 'CHEFE', null])[1 + floor(c * 3)], i, 1,
             (array['S', 'N'])[1 + floor(d * 2)], case when e < 0.8 then i + 5000000 end from seeds`)
    await client.query(`
      insert into contacts (id, name, email, phone, job_title, client_code, is_primary)
      select i + 5000000, case when same < 0.8 then c.name else 'Outro' end, c.email, case when same between 0.2 and 0.3 then '999' when same < 0.1 then '11987654321' else c.phone end,
             case when same between 0.3 and 0.4 then null else c.job_title_desc end, i, case when same between 0.4 and 0.45 then 'N' else c.is_primary end
        from seeds s join contact c on c.code = s.i where e < 0.75`)
  } finally {
    client.release()
  }
}
