-- The ERP's side: quotations (budgets), orders and service orders, as far as the integration reads them.

create table budget (
  budget_number number(19) primary key,
  client_billing_code number(19),
  branch_billing_code number(10)
);
comment on table budget is 'a quotation for the client and branch that pay';
create index budget_client on budget (client_billing_code, branch_billing_code);

create table budget_item (
  bdg_number number(19) not null references budget (budget_number),
  item number(10) not null,
  item_date timestamp(6),
  generated varchar2(1 char),
  primary key (bdg_number, item)
);
comment on column budget_item.generated is 'N: cancelled, counts nowhere; null counts as N, as a comparison with null does';
create index budget_item_date on budget_item (item_date);

create table budget_item_quantity (
  bit_bdg_number number(19) not null,
  bit_item number(10) not null,
  quantity number(18, 3) not null,
  primary key (bit_bdg_number, bit_item, quantity),
  foreign key (bit_bdg_number, bit_item) references budget_item (bdg_number, item)
);
comment on column budget_item_quantity.quantity is 'a tier, in units; prices are per thousand';

create table budget_item_delivery (
  bit_bdg_number number(19) not null,
  bit_item number(10) not null,
  client_code number(19) not null,
  branch_code number(10) not null,
  billing_client varchar2(1 char),
  approval_date timestamp(6),
  primary key (bit_bdg_number, bit_item, client_code, branch_code),
  foreign key (bit_bdg_number, bit_item) references budget_item (bdg_number, item)
);
comment on column budget_item_delivery.billing_client is 'S or Y: goes to the client who pays';
comment on column budget_item_delivery.approval_date is 'null: not approved, does not count';

create table budget_item_quant_delivery (
  bid_bdg_number number(19) not null,
  bid_item number(10) not null,
  bid_quantity number(18, 3) not null,
  client_code number(19) not null,
  branch_code number(10) not null,
  price number(18, 6),
  negotiated_price number(18, 6),
  primary key (bid_bdg_number, bid_item, bid_quantity, client_code, branch_code),
  foreign key (bid_bdg_number, bid_item, bid_quantity) references budget_item_quantity (bit_bdg_number, bit_item, quantity),
  foreign key (bid_bdg_number, bid_item, client_code, branch_code)
    references budget_item_delivery (bit_bdg_number, bit_item, client_code, branch_code)
);
comment on column budget_item_quant_delivery.price is 'list price per thousand';
comment on column budget_item_quant_delivery.negotiated_price is 'per thousand; null or 0: the list price holds';

create table person (
  code number(19) primary key,
  key1 number(19),
  key2 number(10)
);
comment on column person.key1 is 'client code';
comment on column person.key2 is 'branch code';
create index person_keys on person (key1, key2);

create table sales_order (
  company_code number(10) not null,
  order_number number(19) not null,
  pers_code number(19) references person (code),
  primary key (company_code, order_number)
);
create index sales_order_person on sales_order (pers_code);

create table sales_order_item (
  so_company_code number(10) not null,
  so_number number(19) not null,
  sequence_number number(10) not null,
  item_date timestamp(6),
  item_qty number(18, 3),
  primary key (so_company_code, so_number, sequence_number),
  foreign key (so_company_code, so_number) references sales_order (company_code, order_number)
);
create index sales_order_item_date on sales_order_item (item_date);

create table sales_order_item_delivery (
  sod_company_code number(10) not null,
  sod_number number(19) not null,
  sequence_number number(10) not null,
  delivery_number number(10) default 1 not null,
  billing_client varchar2(1 char),
  unit_value number(18, 6),
  primary key (sod_company_code, sod_number, sequence_number, delivery_number),
  foreign key (sod_company_code, sod_number, sequence_number)
    references sales_order_item (so_company_code, so_number, sequence_number)
);
comment on column sales_order_item_delivery.billing_client is 'S or Y: goes to the client who pays';

create table service_order (
  company_code number(10) not null,
  branch_code number(10) not null,
  sales_rep_code number(19) not null,
  order_number number(19) not null,
  client number(19),
  branch number(10),
  primary key (company_code, branch_code, sales_rep_code, order_number)
);
create index service_order_client on service_order (client, branch);

create table service_order_item (
  soi_company_code number(10) not null,
  soi_branch_code number(10) not null,
  soi_sales_rep_code number(19) not null,
  soi_number number(19) not null,
  item number(10) not null,
  create_date timestamp(6),
  status varchar2(1 char),
  primary key (soi_company_code, soi_branch_code, soi_sales_rep_code, soi_number, item),
  foreign key (soi_company_code, soi_branch_code, soi_sales_rep_code, soi_number)
    references service_order (company_code, branch_code, sales_rep_code, order_number)
);
comment on column service_order_item.status is 'C is cancelled';
