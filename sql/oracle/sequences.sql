-- Sequences of the integration, and those of the prototype ERP.

create sequence seq_error_log_id start with 1 increment by 1 minvalue 1 cache 20 nocycle;
create sequence seq_log_execution_crm start with 1 increment by 1 minvalue 1 nocache nocycle;
create sequence seq_client_code start with 1 increment by 1 minvalue 1 cache 20 nocycle;
create sequence seq_contact_code start with 1 increment by 1 minvalue 1 cache 20 nocycle;
