-- The ERP's side: quotations (budgets), orders and service orders, as far as the integration reads them.

create table if not exists budget (
  budget_number bigint primary key,
  client_billing_code bigint,
  branch_billing_code integer,
  key budget_client (client_billing_code, branch_billing_code)
) comment = 'a quotation for the client and branch that pay' character set utf8mb4 collate ponte_bin
//

create table if not exists budget_item (
  bdg_number bigint not null,
  item integer not null,
  item_date datetime(6),
  `generated` varchar(1) comment 'N: cancelled, counts nowhere; null counts as N, as a comparison with null does',
  primary key (bdg_number, item),
  key budget_item_date (item_date),
  foreign key (bdg_number) references budget (budget_number)
) character set utf8mb4 collate ponte_bin
//

create table if not exists budget_item_quantity (
  bit_bdg_number bigint not null,
  bit_item integer not null,
  quantity decimal(18, 3) not null comment 'a tier, in units; prices are per thousand',
  primary key (bit_bdg_number, bit_item, quantity),
  foreign key (bit_bdg_number, bit_item) references budget_item (bdg_number, item)
) character set utf8mb4 collate ponte_bin
//

create table if not exists budget_item_delivery (
  bit_bdg_number bigint not null,
  bit_item integer not null,
  client_code bigint not null,
  branch_code integer not null,
  billing_client varchar(1) comment 'S or Y: goes to the client who pays',
  approval_date datetime(6) comment 'null: not approved, does not count',
  primary key (bit_bdg_number, bit_item, client_code, branch_code),
  foreign key (bit_bdg_number, bit_item) references budget_item (bdg_number, item)
) character set utf8mb4 collate ponte_bin
//

create table if not exists budget_item_quant_delivery (
  bid_bdg_number bigint not null,
  bid_item integer not null,
  bid_quantity decimal(18, 3) not null,
  client_code bigint not null,
  branch_code integer not null,
  price decimal(18, 6) comment 'list price per thousand',
  negotiated_price decimal(18, 6) comment 'per thousand; null or 0: the list price holds',
  primary key (bid_bdg_number, bid_item, bid_quantity, client_code, branch_code),
  foreign key (bid_bdg_number, bid_item, bid_quantity) references budget_item_quantity (bit_bdg_number, bit_item, quantity),
  foreign key (bid_bdg_number, bid_item, client_code, branch_code) references budget_item_delivery (bit_bdg_number, bit_item, client_code, branch_code)
) character set utf8mb4 collate ponte_bin
//

create table if not exists person (
  code bigint primary key,
  key1 bigint comment 'client code',
  key2 integer comment 'branch code',
  key person_keys (key1, key2)
) character set utf8mb4 collate ponte_bin
//

create table if not exists sales_order (
  company_code integer not null,
  order_number bigint not null,
  pers_code bigint,
  primary key (company_code, order_number),
  key sales_order_person (pers_code),
  foreign key (pers_code) references person (code)
) character set utf8mb4 collate ponte_bin
//

create table if not exists sales_order_item (
  so_company_code integer not null,
  so_number bigint not null,
  sequence_number integer not null,
  item_date datetime(6),
  item_qty decimal(18, 3),
  primary key (so_company_code, so_number, sequence_number),
  foreign key (so_company_code, so_number) references sales_order (company_code, order_number),
  key sales_order_item_date (item_date)
) character set utf8mb4 collate ponte_bin
//

create table if not exists sales_order_item_delivery (
  sod_company_code integer not null,
  sod_number bigint not null,
  sequence_number integer not null,
  delivery_number integer not null default 1,
  billing_client varchar(1) comment 'S or Y: goes to the client who pays',
  unit_value decimal(18, 6),
  primary key (sod_company_code, sod_number, sequence_number, delivery_number),
  foreign key (sod_company_code, sod_number, sequence_number) references sales_order_item (so_company_code, so_number, sequence_number)
) character set utf8mb4 collate ponte_bin
//

create table if not exists service_order (
  company_code integer not null,
  branch_code integer not null,
  sales_rep_code bigint not null,
  order_number bigint not null,
  client bigint,
  branch integer,
  primary key (company_code, branch_code, sales_rep_code, order_number),
  key service_order_client (client, branch)
) character set utf8mb4 collate ponte_bin
//

create table if not exists service_order_item (
  soi_company_code integer not null,
  soi_branch_code integer not null,
  soi_sales_rep_code bigint not null,
  soi_number bigint not null,
  item integer not null,
  create_date datetime(6),
  status varchar(1) comment 'C is cancelled',
  primary key (soi_company_code, soi_branch_code, soi_sales_rep_code, soi_number, item),
  foreign key (soi_company_code, soi_branch_code, soi_sales_rep_code, soi_number) references service_order (company_code, branch_code, sales_rep_code, order_number)
) character set utf8mb4 collate ponte_bin
//
