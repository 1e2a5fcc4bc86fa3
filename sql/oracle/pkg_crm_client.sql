-- The package PKG_CRM_CLIENT. The views compute the same values in sets; tests hold the two equal.
-- Window: from the base date's day through the day 365 days later. The time of day of the base date is dropped.
-- No client has a fixed value. Flags are S or N; Y is true on input too.

create or replace package pkg_crm_client as
  -- S when the branch has a service-order item made on or after the date that is not cancelled.
  function has_service_order(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return varchar2;
  -- S when the branch has a budget item dated on or after the date that is not cancelled.
  function has_budget(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return varchar2;
  -- Sum over the approved budget items: lowest quantity tier / 1000 x price. Null when there is none.
  function get_budget_value(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return number;
  -- S when the branch has an order item dated on or after the date.
  function has_order(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return varchar2;
  -- Sum of item quantity x unit value of the deliveries to the client who pays. Null when there is none.
  function get_order_value(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return number;
end pkg_crm_client;
/

create or replace package body pkg_crm_client as
  function has_service_order(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return varchar2 is
    v_found number(10);
  begin
    select count(*) into v_found from service_order o
      join service_order_item i on i.soi_company_code = o.company_code and i.soi_branch_code = o.branch_code
       and i.soi_sales_rep_code = o.sales_rep_code and i.soi_number = o.order_number
     where o.client = p_client and o.branch = p_branch
       and i.create_date >= trunc(p_base_date) and (i.status is null or i.status <> 'C')
       and rownum = 1;
    return case when v_found > 0 then 'S' else 'N' end;
  end has_service_order;

  function has_budget(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return varchar2 is
    v_found number(10);
  begin
    select count(*) into v_found from budget b
      join budget_item i on i.bdg_number = b.budget_number
     where b.client_billing_code = p_client and b.branch_billing_code = p_branch
       and i.item_date >= trunc(p_base_date) and i.generated <> 'N'
       and rownum = 1;
    return case when v_found > 0 then 'S' else 'N' end;
  end has_budget;

  function get_budget_value(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return number is
    v_value number(38, 12);
  begin
    select sum(q.bid_quantity * 0.001 * nvl(nullif(q.negotiated_price, 0), q.price)) into v_value
    from budget b
    join budget_item i on i.bdg_number = b.budget_number
    join budget_item_delivery d on d.bit_bdg_number = i.bdg_number and d.bit_item = i.item
     and d.client_code = b.client_billing_code and d.branch_code = b.branch_billing_code
    join budget_item_quant_delivery q on q.bid_bdg_number = i.bdg_number and q.bid_item = i.item
     and q.client_code = d.client_code and q.branch_code = d.branch_code
   where b.client_billing_code = p_client and b.branch_billing_code = p_branch
     and i.item_date >= trunc(p_base_date) and i.item_date < add_days(trunc(p_base_date), 366)
     and i.generated <> 'N' and d.billing_client in ('S', 'Y') and d.approval_date is not null
     and q.bid_quantity = (select min(t.quantity) from budget_item_quantity t
                            where t.bit_bdg_number = i.bdg_number and t.bit_item = i.item);
    return v_value;
  end get_budget_value;

  function has_order(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return varchar2 is
    v_found number(10);
  begin
    select count(*) into v_found from person p
      join sales_order o on o.pers_code = p.code
      join sales_order_item i on i.so_company_code = o.company_code and i.so_number = o.order_number
     where p.key1 = p_client and p.key2 = p_branch and i.item_date >= trunc(p_base_date)
       and rownum = 1;
    return case when v_found > 0 then 'S' else 'N' end;
  end has_order;

  function get_order_value(p_client branches.client%type, p_branch branches.code%type, p_base_date date) return number is
    v_value number(38, 12);
  begin
    select sum(i.item_qty * d.unit_value) into v_value
    from person p
    join sales_order o on o.pers_code = p.code
    join sales_order_item i on i.so_company_code = o.company_code and i.so_number = o.order_number
    join sales_order_item_delivery d on d.sod_company_code = i.so_company_code and d.sod_number = i.so_number
     and d.sequence_number = i.sequence_number
   where p.key1 = p_client and p.key2 = p_branch
     and i.item_date >= trunc(p_base_date) and i.item_date < add_days(trunc(p_base_date), 366)
     and d.billing_client in ('S', 'Y');
    return v_value;
  end get_order_value;
end pkg_crm_client;
/
