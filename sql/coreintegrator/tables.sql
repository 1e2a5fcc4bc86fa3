-- CoreIntegrator's tables, for MySQL 8 and MariaDB 10.11. Statements end with a semicolon at a line's end;
-- all of them may run again. In tables of an older CoreIntegrator connectors/coreintegrator adds and widens what they lack.

create table if not exists erp_customers (
  id        bigint unsigned not null auto_increment primary key,
  cust_id   bigint null,
  cust_name varchar(100) null,
  phone_no  varchar(20) null,
  synced    boolean not null default false comment 'the CRM holds this content; set back when the content changes'
) engine = innodb default charset = utf8mb4;

create table if not exists sync_logs (
  id           bigint not null auto_increment primary key,
  payload      text null comment 'JSON text, as sent',
  status       varchar(20) null comment 'SUCCESS, FAILED, or DEAD: failed for the last time',
  created_at   timestamp not null default current_timestamp,
  erp_id       bigint unsigned null comment 'erp_customers.id',
  attempts     int null comment 'calls of the CRM in this cycle',
  error        varchar(500) null,
  duration_ms  int null,
  delivery_key varchar(80) null comment 'idempotency key of a SUCCESS row; no two rows may share it',
  unique key sync_logs_delivery (delivery_key),
  key sync_logs_newest (created_at),
  key sync_logs_status (status, created_at)
) engine = innodb default charset = utf8mb4;

-- What is to be sent, under way, sent, or given up; one row per customer. Written by CoreIntegrator only.
create table if not exists sync_outbox (
  erp_id       bigint unsigned not null primary key comment 'erp_customers.id',
  revision     int not null comment 'rises whenever other content is to be sent: part of the idempotency key',
  content_hash char(32) not null comment 'MD5 of the content of this revision',
  state        varchar(10) not null comment 'PENDING, SENDING, SENT, DEAD',
  cycles       int not null default 0 comment 'cycles in which the CRM refused this revision',
  last_error   varchar(500) null
) engine = innodb default charset = utf8mb4;
