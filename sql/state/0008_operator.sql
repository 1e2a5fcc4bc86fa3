-- What operators ask the index: held changes, and the history of one record.

create index changes_held on changes (entity, key) where sends >= 3;
create index changes_by_crm_id on changes (crm_id) where crm_id is not null;
create index agreed_by_tax_id on agreed ((fields ->> 'TAXID')) where entity = 'leads';
create index agreed_by_client_code on agreed ((fields ->> 'CLIENT_CODE')) where entity = 'leads';
create index conflicts_by_event on conflicts (event);
