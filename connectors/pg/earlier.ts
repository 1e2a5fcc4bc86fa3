/**
 * md5 of structure files as version 0.2.0 installed them, where today's text differs in comments alone: a database that has the
 * older text has the same tables. By folder and file.
 */
export const EARLIER: Readonly<Record<string, string>> = {
  'mysql/0001_erp_clients': 'b91589299bed4c40a5ec4ede8dbb7ab7',
  'mysql/0002_erp_sales': '241f9d57284b531e590d69956dcddfb8',
  'mysql/0003_integration': '33d9dc5ceaccb0ffbd969fce709a3fe1',
  'mysql/0004_inbound': 'a651409b8474cfef5740eeac85339585',
  'mysql/0005_full_sync': '3d3137ebab37cd60b9b1561a160a223a',
  'oracle/erp_clients.sql': 'cb8d47113d5bf42dd0d4eb476a27c3ba',
  'oracle/table_contatos.sql': '4730bff83005c5e4ed05537f3d76865c',
  'oracle/table_leads.sql': '91d956e583d084012fc133780ef52f81',
  'oracle/table_ponte.sql': 'c90cb37b65bc80ed44e870def419d061',
  'postgres/0001_erp_clients': 'ad830f84bc27127e3aaf1fde458f060a',
  'postgres/0002_erp_sales': 'fdb21c1d55fcedc06d928f8ddcbefc1a',
  'postgres/0003_integration': '85f49f14d6b1b9e630e2277faf529174',
  'postgres/0004_inbound': '120ec2969883a5c7e8100d69e4b1362a',
  'postgres/0005_full_sync': 'a20175dbf48f32740825ade294e53745',
  'state/0001_state': '243d72a4686d2dcb4c8eb2417beb8239',
  'state/0002_quota': '743c93e10b02df50c0833d2dc2f14d53',
  'state/0003_agreement': 'c13f5e954a249f2b2cf396d87086f40f',
  'state/0005_tasks': '03bc683b65d92a31b63f99ef6f8c8225',
  'state/0006_sent': '64e48ab52c84725fe8242f975be7f174',
  'state/0007_schedules': 'eb8f362e37e648ebc5b6cd817e9e283a',
  'state/0010_restores': 'afd4e866e7f19242e8d04cb6d999cc43',
  'state/0011_watching': '81980889ef660a0757db8818d435bf32',
}
