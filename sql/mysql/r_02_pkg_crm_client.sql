-- The package PKG_CRM_CLIENT: MySQL has no packages, a prefix holds its functions together.
-- The views compute the same values in sets; tests hold the two equal.
-- Window: from the base date's day through the day 365 days later. The time of day of the base date is dropped.
-- No client has a fixed value. Flags are S or N; Y is true on input too.

-- S when the branch has a service-order item made on or after the date that is not cancelled.
create function pkg_crm_client_has_service_order(p_client bigint, p_branch integer, p_base_date datetime(6)) returns varchar(1)
reads sql data
return case when exists (
  select 1 from service_order o
    join service_order_item i on i.soi_company_code = o.company_code and i.soi_branch_code = o.branch_code
     and i.soi_sales_rep_code = o.sales_rep_code and i.soi_number = o.order_number
   where o.client = p_client and o.branch = p_branch
     and i.create_date >= date(p_base_date) and not (i.status <=> 'C'))
  then 'S' else 'N' end
//

-- S when the branch has a budget item dated on or after the date that is not cancelled.
create function pkg_crm_client_has_budget(p_client bigint, p_branch integer, p_base_date datetime(6)) returns varchar(1)
reads sql data
return case when exists (
  select 1 from budget b
    join budget_item i on i.bdg_number = b.budget_number
   where b.client_billing_code = p_client and b.branch_billing_code = p_branch
     and i.item_date >= date(p_base_date) and i.`generated` <> 'N')
  then 'S' else 'N' end
//

-- Sum over the approved budget items: lowest quantity tier / 1000 x price. Null when there is none.
create function pkg_crm_client_get_budget_value(p_client bigint, p_branch integer, p_base_date datetime(6)) returns decimal(38, 12)
reads sql data
return (
  select sum(q.bid_quantity * 0.001 * coalesce(nullif(q.negotiated_price, 0), q.price))
    from budget b
    join budget_item i on i.bdg_number = b.budget_number
    join budget_item_delivery d on d.bit_bdg_number = i.bdg_number and d.bit_item = i.item
     and d.client_code = b.client_billing_code and d.branch_code = b.branch_billing_code
    join budget_item_quant_delivery q on q.bid_bdg_number = i.bdg_number and q.bid_item = i.item
     and q.client_code = d.client_code and q.branch_code = d.branch_code
   where b.client_billing_code = p_client and b.branch_billing_code = p_branch
     and i.item_date >= date(p_base_date) and i.item_date < date(p_base_date) + interval 366 day
     and i.`generated` <> 'N' and d.billing_client in ('S', 'Y') and d.approval_date is not null
     and q.bid_quantity = (select min(t.quantity) from budget_item_quantity t
                            where t.bit_bdg_number = i.bdg_number and t.bit_item = i.item))
//

-- S when the branch has an order item dated on or after the date.
create function pkg_crm_client_has_order(p_client bigint, p_branch integer, p_base_date datetime(6)) returns varchar(1)
reads sql data
return case when exists (
  select 1 from person p
    join sales_order o on o.pers_code = p.code
    join sales_order_item i on i.so_company_code = o.company_code and i.so_number = o.order_number
   where p.key1 = p_client and p.key2 = p_branch and i.item_date >= date(p_base_date))
  then 'S' else 'N' end
//

-- Sum of item quantity x unit value of the deliveries to the client who pays. Null when there is none.
create function pkg_crm_client_get_order_value(p_client bigint, p_branch integer, p_base_date datetime(6)) returns decimal(38, 12)
reads sql data
return (
  select sum(i.item_qty * d.unit_value)
    from person p
    join sales_order o on o.pers_code = p.code
    join sales_order_item i on i.so_company_code = o.company_code and i.so_number = o.order_number
    join sales_order_item_delivery d on d.sod_company_code = i.so_company_code and d.sod_number = i.so_number
     and d.sequence_number = i.sequence_number
   where p.key1 = p_client and p.key2 = p_branch
     and i.item_date >= date(p_base_date) and i.item_date < date(p_base_date) + interval 366 day
     and d.billing_client in ('S', 'Y'))
//
