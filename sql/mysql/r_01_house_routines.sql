-- House routines that the original names but does not contain.
-- `deterministic` where a value holds for one statement: then it is computed once per statement and not once per row.

-- The value of a setting; null when there is no such name.
create function ponte_setting(p_name varchar(60)) returns varchar(200)
deterministic reads sql data
return (select value from ponte_settings where name = p_name)
//

-- Title case that keeps Portuguese prepositions small: RIO DE JANEIRO -> Rio de Janeiro. The first word stays capital.
create function initcap2(p_text varchar(400)) returns varchar(400)
deterministic no sql
begin
  declare v_result varchar(400) default lower(p_text);
  declare v_at integer default 1;
  declare v_inside boolean default false;
  declare v_char varchar(1);
  if p_text is null then
    return null;
  end if;
  while v_at <= char_length(v_result) do
    set v_char = substr(v_result, v_at, 1);
    if upper(v_char) <> lower(v_char) or v_char between '0' and '9' then
      if not v_inside then
        set v_result = insert(v_result, v_at, 1, upper(v_char));
      end if;
      set v_inside = true;
    else
      set v_inside = false;
    end if;
    set v_at = v_at + 1;
  end while;
  return replace(replace(replace(replace(replace(replace(
    v_result, ' De ', ' de '), ' Da ', ' da '), ' Do ', ' do '), ' Dos ', ' dos '), ' Das ', ' das '), ' E ', ' e ');
end
//

-- Text without blanks at its ends, U+00A0 included, and without control characters but tab and line feed; the empty text is null.
create function tidy(p_text varchar(4000)) returns varchar(4000)
deterministic no sql
begin
  declare v_text varchar(4000) default replace(p_text, _utf8mb4 0xC2A0, ' ');
  if v_text regexp '[\\x00-\\x1F]' then
    set v_text = regexp_replace(regexp_replace(v_text, '[\\x00-\\x08\\x0B-\\x1F]', ''), '^[ \\t\\n]+|[ \\t\\n]+\\z', '');
  end if;
  return nullif(trim(v_text), '');
end
//

-- The form in which e-mails are compared; the columns email_key hold the same.
create function email_key(p_email varchar(400)) returns varchar(400)
deterministic no sql
return lower(tidy(p_email))
//

-- Only the digits; null when there are none.
create function digits_of(p_text varchar(400)) returns varchar(400)
deterministic no sql
return nullif(regexp_replace(p_text, '[^0-9]', ''), '')
//

-- A number as a spreadsheet wrote it, 01310100.0, without the fraction that says nothing: one or two zeros at the end, or any number
-- of them behind seven digits in a row (after fewer, .0000 may be the last group of a phone number).
create function drop_zero_fraction(p_text varchar(400)) returns varchar(400)
deterministic no sql
return case when right(p_text, 2) = '.0' then left(p_text, char_length(p_text) - 2)
            when right(p_text, 3) = '.00' then left(p_text, char_length(p_text) - 3)
            when right(p_text, 3) = '000' and p_text regexp '[0-9]{7}[.]0+\\z' then left(p_text, char_length(p_text) - locate('.', reverse(p_text)))
            else p_text end
//

-- The form in which zip codes are compared: digits, eight at least.
create function zipcode_key(p_zipcode varchar(400)) returns varchar(400)
deterministic no sql
begin
  declare v_digits varchar(400) default digits_of(drop_zero_fraction(tidy(p_zipcode)));
  return lpad(v_digits, greatest(8, char_length(v_digits)), '0');
end
//

-- The form in which phones are compared: the digits of the first number, at most 13; null for the placeholder of contacts without one.
-- A number has eight digits with anything between them and goes on over points, hyphens and blanks; a letter or a sign that parts two
-- numbers ends it, and so do blanks when there would be more than 13 digits.
create function phone_key(p_phone varchar(400)) returns varchar(13)
deterministic no sql
begin
  declare v_whole varchar(400) default drop_zero_fraction(tidy(p_phone));
  declare v_run varchar(400) default
    coalesce(nullif(regexp_substr(v_whole, '^(?:[^0-9]*[0-9]){8}(?:[^0-9A-Za-z/;,|(+:&#*\\n\\t]*[0-9])*'), ''), v_whole);
  if char_length(digits_of(v_run)) > 13 then
    set v_run = regexp_substr(v_run, '^(?:[^0-9]*[0-9]){8}(?:[^0-9A-Za-z/;,|(+:&#*\\n\\t ]*[0-9])*');
  end if;
  return nullif(left(digits_of(drop_zero_fraction(v_run)), 13), '5500000000');
end
//

-- Marks dropped: Ação -> Acao. MySQL cannot decompose, so the Latin letters with marks are named.
create function remove_accents(p_text varchar(4000)) returns varchar(4000)
deterministic no sql
begin
  declare v varchar(4000) default p_text;
  if p_text is null or char_length(p_text) = length(p_text) then
    return p_text;
  end if;
  set v = regexp_replace(v, '[\\x{0300}-\\x{036F}]', '');
  set v = regexp_replace(regexp_replace(v, '[àáâãäåāăą]', 'a'), '[ÀÁÂÃÄÅĀĂĄ]', 'A');
  set v = regexp_replace(regexp_replace(v, '[çćĉċč]', 'c'), '[ÇĆĈĊČ]', 'C');
  set v = regexp_replace(regexp_replace(v, '[èéêëēĕėęě]', 'e'), '[ÈÉÊËĒĔĖĘĚ]', 'E');
  set v = regexp_replace(regexp_replace(v, '[ìíîïĩīĭį]', 'i'), '[ÌÍÎÏĨĪĬĮİ]', 'I');
  set v = regexp_replace(regexp_replace(v, '[ñńņň]', 'n'), '[ÑŃŅŇ]', 'N');
  set v = regexp_replace(regexp_replace(v, '[òóôõöōŏő]', 'o'), '[ÒÓÔÕÖŌŎŐ]', 'O');
  set v = regexp_replace(regexp_replace(v, '[ùúûüũūŭůűų]', 'u'), '[ÙÚÛÜŨŪŬŮŰŲ]', 'U');
  set v = regexp_replace(regexp_replace(v, '[ýÿŷ]', 'y'), '[ÝŸŶ]', 'Y');
  set v = regexp_replace(regexp_replace(v, '[śŝşš]', 's'), '[ŚŜŞŠ]', 'S');
  set v = regexp_replace(regexp_replace(v, '[źżž]', 'z'), '[ŹŻŽ]', 'Z');
  return v;
end
//

-- The form in which tax ids are compared, the same as the columns taxid_key hold; null when nothing is left.
create function taxid_key(p_taxid varchar(400)) returns varchar(400)
deterministic no sql
return lpad(upper(nullif(regexp_replace(p_taxid, '[^0-9A-Za-z]', ''), '')),
            greatest(14, char_length(regexp_replace(p_taxid, '[^0-9A-Za-z]', ''))), '0')
//

-- The form in which state registrations are compared: ISENTO when exempt, else digits.
create function tax_registration_key(p_value varchar(400)) returns varchar(400)
deterministic no sql
return case
  when p_value is null then 'ISENTO'
  when upper(replace(replace(trim(p_value), '.', ''), '-', '')) in ('', '0', '99', 'ISENTO', 'EXEMPT') then 'ISENTO'
  else coalesce(nullif(regexp_replace(p_value, '[^0-9]', ''), ''), 'ISENTO')
end
//

-- How the ERP writes a state registration: exempt -> ISENTO; else through the state's mask, e.g. the setting
-- tax_registration_mask_SP = '###.###.###.###'; digits alone when there is no mask or it does not fit.
create function format_tax_registration(p_value varchar(400), p_state_code varchar(10)) returns varchar(400)
deterministic reads sql data
begin
  declare v_digits varchar(400) default tax_registration_key(p_value);
  declare v_mask varchar(200);
  declare v_result varchar(400) default '';
  declare v_next integer default 1;
  declare v_at integer default 1;
  if v_digits = 'ISENTO' then
    return v_digits;
  end if;
  set v_mask = ponte_setting(concat('tax_registration_mask_', p_state_code));
  if v_mask is null or char_length(replace(v_mask, '#', '')) + char_length(v_digits) <> char_length(v_mask) then
    return v_digits;
  end if;
  while v_at <= char_length(v_mask) do
    if substr(v_mask, v_at, 1) = '#' then
      set v_result = concat(v_result, substr(v_digits, v_next, 1));
      set v_next = v_next + 1;
    else
      set v_result = concat(v_result, substr(v_mask, v_at, 1));
    end if;
    set v_at = v_at + 1;
  end while;
  return v_result;
end
//

-- What the company's clocks, and so the ERP's own columns, show at a moment of UTC.
create function erp_time(p_utc datetime(6)) returns datetime(6)
deterministic reads sql data
return coalesce(convert_tz(p_utc, '+00:00', ponte_setting('time_zone')),
                convert_tz(p_utc, '+00:00', ponte_setting('time_zone_offset')),
                p_utc)
//

-- The time on the company's clocks: whatever is written into the ERP's columns is dated by it, never by the session's zone.
create function erp_now() returns datetime(6)
reads sql data
return erp_time(utc_timestamp(6))
//

-- The first day whose budgets and orders count: today by the company's clock. Without time of day, so that
-- today's items, which are dated midnight, are inside.
create function erp_today() returns date
deterministic reads sql data
return date(erp_time(utc_timestamp(6)))
//

-- A client code that is free. Codes that the ERP gave by itself are skipped; the sequence never moves back.
create function get_client_code() returns bigint
modifies sql data
begin
  declare v_code bigint;
  update ponte_sequences set value = value + 1 where name = 'client_code';
  select value into v_code from ponte_sequences where name = 'client_code' for update;
  if exists (select 1 from clients where client_code = v_code) then
    select greatest(v_code, max(client_code)) + 1 into v_code from clients;
    update ponte_sequences set value = v_code where name = 'client_code';
  end if;
  return v_code;
end
//
