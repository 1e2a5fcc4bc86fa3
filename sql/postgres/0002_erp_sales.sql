-- The ERP's side: quotations (budgets), orders and service orders, as far as the integration reads them.

create table budget (
  budget_number bigint primary key,
  client_billing_code bigint,
  branch_billing_code integer
);
comment on table budget is 'a quotation for the client and branch that pay';
create index budget_client on budget (client_billing_code, branch_billing_code);

create table budget_item (
  bdg_number bigint not null references budget (budget_number),
  item integer not null,
  item_date timestamp,
  generated varchar(1),
  primary key (bdg_number, item)
);
comment on column budget_item.generated is 'N: cancelled, counts nowhere; null counts as N, as a comparison with null does';
create index budget_item_date on budget_item (item_date);

create table budget_item_quantity (
  bit_bdg_number bigint not null,
  bit_item integer not null,
  quantity numeric(18, 3) not null,
  primary key (bit_bdg_number, bit_item, quantity),
  foreign key (bit_bdg_number, bit_item) references budget_item (bdg_number, item)
);
comment on column budget_item_quantity.quantity is 'a tier, in units; prices are per thousand';

create table budget_item_delivery (
  bit_bdg_number bigint not null,
  bit_item integer not null,
  client_code bigint not null,
  branch_code integer not null,
  billing_client varchar(1),
  approval_date timestamp,
  primary key (bit_bdg_number, bit_item, client_code, branch_code),
  foreign key (bit_bdg_number, bit_item) references budget_item (bdg_number, item)
);
comment on column budget_item_delivery.billing_client is 'S or Y: goes to the client who pays';
comment on column budget_item_delivery.approval_date is 'null: not approved, does not count';

create table budget_item_quant_delivery (
  bid_bdg_number bigint not null,
  bid_item integer not null,
  bid_quantity numeric(18, 3) not null,
  client_code bigint not null,
  branch_code integer not null,
  price numeric(18, 6),
  negotiated_price numeric(18, 6),
  primary key (bid_bdg_number, bid_item, bid_quantity, client_code, branch_code),
  foreign key (bid_bdg_number, bid_item, bid_quantity) references budget_item_quantity (bit_bdg_number, bit_item, quantity),
  foreign key (bid_bdg_number, bid_item, client_code, branch_code)
    references budget_item_delivery (bit_bdg_number, bit_item, client_code, branch_code)
);
comment on column budget_item_quant_delivery.price is 'list price per thousand';
comment on column budget_item_quant_delivery.negotiated_price is 'per thousand; null or 0: the list price holds';

create table person (
  code bigint primary key,
  key1 bigint,
  key2 integer
);
comment on column person.key1 is 'client code';
comment on column person.key2 is 'branch code';
create index person_keys on person (key1, key2);

create table sales_order (
  company_code integer not null,
  order_number bigint not null,
  pers_code bigint references person (code),
  primary key (company_code, order_number)
);
create index sales_order_person on sales_order (pers_code);

create table sales_order_item (
  so_company_code integer not null,
  so_number bigint not null,
  sequence_number integer not null,
  item_date timestamp,
  item_qty numeric(18, 3),
  primary key (so_company_code, so_number, sequence_number),
  foreign key (so_company_code, so_number) references sales_order (company_code, order_number)
);
create index sales_order_item_date on sales_order_item (item_date);

create table sales_order_item_delivery (
  sod_company_code integer not null,
  sod_number bigint not null,
  sequence_number integer not null,
  delivery_number integer not null default 1,
  billing_client varchar(1),
  unit_value numeric(18, 6),
  primary key (sod_company_code, sod_number, sequence_number, delivery_number),
  foreign key (sod_company_code, sod_number, sequence_number)
    references sales_order_item (so_company_code, so_number, sequence_number)
);
comment on column sales_order_item_delivery.billing_client is 'S or Y: goes to the client who pays';

create table service_order (
  company_code integer not null,
  branch_code integer not null,
  sales_rep_code bigint not null,
  order_number bigint not null,
  client bigint,
  branch integer,
  primary key (company_code, branch_code, sales_rep_code, order_number)
);
create index service_order_client on service_order (client, branch);

create table service_order_item (
  soi_company_code integer not null,
  soi_branch_code integer not null,
  soi_sales_rep_code bigint not null,
  soi_number bigint not null,
  item integer not null,
  create_date timestamp,
  status varchar(1),
  primary key (soi_company_code, soi_branch_code, soi_sales_rep_code, soi_number, item),
  foreign key (soi_company_code, soi_branch_code, soi_sales_rep_code, soi_number)
    references service_order (company_code, branch_code, sales_rep_code, order_number)
);
comment on column service_order_item.status is 'C is cancelled';
