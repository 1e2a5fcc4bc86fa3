-- Least privilege for the user that Ponte runs as, by a role: run by the schema's owner after install.sql, as the DBA made the role:
--   create role ponte_app, then grant create session and ponte_app to ponte.
-- The schema's procedures run with their owner's rights, so Ponte needs no right to write the ERP tables that only they write.
-- Names are found through ORACLE_SCHEMA=<owner>, or synonyms. What the owner itself needs is in owner.sql.

grant select on countries to ponte_app;
grant select on states to ponte_app;
grant select on cities to ponte_app;
grant select, insert on industries to ponte_app;
grant select on sales_reps to ponte_app;
grant select on clients to ponte_app;
grant select, update on branches to ponte_app;
grant select on client_industries to ponte_app;
grant select on credit_limit_history to ponte_app;
grant select on sales_rep_branches to ponte_app;
grant select on billing_addresses to ponte_app;
grant select on contact_job_titles to ponte_app;
grant select, update on contact to ponte_app;
grant select on budget to ponte_app;
grant select on budget_item to ponte_app;
grant select on budget_item_quantity to ponte_app;
grant select on budget_item_delivery to ponte_app;
grant select on budget_item_quant_delivery to ponte_app;
grant select on person to ponte_app;
grant select on sales_order to ponte_app;
grant select on sales_order_item to ponte_app;
grant select on sales_order_item_delivery to ponte_app;
grant select on service_order to ponte_app;
grant select on service_order_item to ponte_app;
grant select, insert, update, delete on leads to ponte_app;
grant select, insert, update, delete on leads_removed to ponte_app;
grant select, insert, update, delete on contacts to ponte_app;
grant select on error_log to ponte_app;
grant select, insert on log_execution_crm to ponte_app;
grant select, insert on ponte_inbox to ponte_app;
grant select on ponte_settings to ponte_app;
grant select on crm_stages to ponte_app;
-- To lock rows is a right of select.
grant select on ponte_locks to ponte_app;
grant select on mirrored_persons to ponte_app;
grant select, insert, update, delete on leads_staging to ponte_app;
grant select, insert, update, delete on contacts_staging to ponte_app;

grant select on vw_crm_budget_values to ponte_app;
grant select on vw_crm_order_values to ponte_app;
grant select on vw_crm_clients to ponte_app;
grant select on vw_crm_clients_contacts to ponte_app;
grant select on view_insert_lead_in_crm to ponte_app;
grant select on view_update_lead_in_crm to ponte_app;
grant select on mirrored_contact_leads to ponte_app;
grant select on view_update_contact_in_crm to ponte_app;
grant select on view_insert_contact_in_crm to ponte_app;
grant select on view_leads_budgeted to ponte_app;
grant select on view_leads_sold to ponte_app;
grant select on desired_leads to ponte_app;
grant select on known_leads to ponte_app;
grant select on insert_leads to ponte_app;
grant select on desired_contacts to ponte_app;
grant select on known_contacts to ponte_app;
grant select on insert_contacts to ponte_app;
grant select on lead_fingerprints to ponte_app;

grant execute on prc_store_crm_client_id to ponte_app;
grant execute on prc_update_clients to ponte_app;
grant execute on prc_update_client_contacts to ponte_app;
grant execute on prc_update_lead_contacts to ponte_app;
grant execute on prc_store_crm_contact_id to ponte_app;
grant execute on prc_store_lead_contact_id to ponte_app;
grant execute on pkg_crm_client to ponte_app;
grant execute on pkg_error_mgr to ponte_app;
grant execute on ponte_session to ponte_app;
grant execute on ponte_setting to ponte_app;
grant execute on erp_time to ponte_app;
grant execute on erp_today to ponte_app;
grant execute on taxid_key to ponte_app;
grant execute on email_key to ponte_app;
grant execute on tidy to ponte_app;
grant execute on plain_key to ponte_app;
grant execute on digits_of to ponte_app;
grant execute on drop_zero_fraction to ponte_app;
grant execute on zipcode_key to ponte_app;
grant execute on phone_key to ponte_app;
grant execute on without_accents to ponte_app;
grant execute on title_case to ponte_app;
grant execute on tax_registration_key to ponte_app;

-- So that several connections read one moment (AS OF SCN): without all of these one connection reads for all.
grant flashback on branches to ponte_app;
grant flashback on contact to ponte_app;
grant flashback on leads to ponte_app;
grant flashback on contacts to ponte_app;
grant flashback on desired_leads to ponte_app;
grant flashback on known_leads to ponte_app;
grant flashback on insert_leads to ponte_app;
grant flashback on desired_contacts to ponte_app;
grant flashback on known_contacts to ponte_app;
grant flashback on insert_contacts to ponte_app;
-- By the DBA: the owner may not give this one away.
grant execute on sys.dbms_flashback to ponte_app;
