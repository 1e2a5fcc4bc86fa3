-- Installs everything, in an order that works. SQL*Plus or SQLcl, as the schema's owner, in this folder:
--   NLS_LANG=AMERICAN_AMERICA.AL32UTF8 sqlplus owner@//host:1521/service @install.sql
-- `ponte migrate --dialect oracle` reads the same list. erp_*.sql are tables of the prototype ERP: leave them out where the ERP has its own.
set define off
set sqlblanklines on
whenever sqlerror exit failure rollback

-- Once.
@@sequences.sql
@@erp_clients.sql
@@erp_sales.sql
@@table_leads.sql
@@table_contatos.sql
@@table_error_log.sql
@@table_ponte.sql
@@table_staging.sql
-- Again whenever one of them changed.
@@functions.sql
@@util_pkg.sql
@@pkg_error_mgr.sql
@@ponte_session.sql
@@pkg_crm_client.sql
@@base_views.sql
@@procedures.sql
@@triggers.sql
@@views.sql
@@engine_views.sql
