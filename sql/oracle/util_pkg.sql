-- The package UTIL_PKG, by the names that the original calls.

create or replace package util_pkg as
  function remove_accents(p_text varchar2) return varchar2;
  function initcap2(p_text varchar2) return varchar2;
  function format_tax_registration(p_value varchar2, p_state_code varchar2) return varchar2;
end util_pkg;
/

create or replace package body util_pkg as
  function remove_accents(p_text varchar2) return varchar2 is
  begin
    return without_accents(p_text);
  end remove_accents;

  function initcap2(p_text varchar2) return varchar2 is
  begin
    return title_case(p_text);
  end initcap2;

  function format_tax_registration(p_value varchar2, p_state_code varchar2) return varchar2 is
  begin
    return masked_tax_registration(p_value, p_state_code);
  end format_tax_registration;
end util_pkg;
/
