-- House routines that the original names but does not contain. Standing alone, because views call them, and MariaDB
-- lets no view call a package; UTIL_PKG offers the original's names. All of them take null and the empty text for the same.

-- It was never read: COUNTRY_NAME, a setting of Ponte, says which country leads carry.
delete from ponte_settings where name = 'home_country_name';

-- The value of a setting; null when there is no such name.
create or replace function ponte_setting(p_name varchar2) return varchar2 is
  v_value varchar2(200 char);
begin
  select min(value) into v_value from ponte_settings where name = p_name;
  return v_value;
end;
/

-- Text without blanks at its ends, U+00A0 included, and without control characters but tab and line feed; the empty text is null.
create or replace function tidy(p_text varchar2) return varchar2 deterministic is
  v_nbsp varchar2(4 char) := unistr('\00A0');
  v_blanks varchar2(4 char) := ' ' || chr(9) || chr(10);
  v_text varchar2(4000 char) := replace(p_text, v_nbsp, ' ');
begin
  if regexp_instr(v_text, '[[:cntrl:]]') > 0 then
    for i in 0 .. 31 loop
      if i not in (9, 10) then
        v_text := replace(v_text, chr(i), '');
      end if;
    end loop;
    v_text := regexp_replace(v_text, '^[' || v_blanks || ']+|[' || v_blanks || ']+$', '');
  end if;
  return trim(v_text);
end;
/

-- Unicode decomposition, marks dropped, for what Latin scripts hold: Ação -> Acao. By lists, because DECOMPOSE with a
-- regular expression hangs on NLS_SORT of the session.
create or replace function without_accents(p_text varchar2) return varchar2 deterministic is
  v_marks varchar2(40 char) := unistr('\0300\0301\0302\0303\0304\0306\0307\0308\030A\030B\030C\0327\0328');
begin
  return translate(p_text,
    'ÁÀÂÃÄÅĀĂĄÇĆČÉÈÊËĒĖĘĚÍÌÎÏĪĮÑŃŇÓÒÔÕÖŌŐÚÙÛÜŪŮŰÝŸŠŚŽŹŻáàâãäåāăąçćčéèêëēėęěíìîïīįñńňóòôõöōőúùûüūůűýÿšśžźż' || v_marks,
    'AAAAAAAAACCCEEEEEEEEIIIIIINNNOOOOOOOUUUUUUUYYSSZZZaaaaaaaaaccceeeeeeeeiiiiiinnnooooooouuuuuuuyysszzz');
end;
/

-- Text as lookups compare it: without accents, upper case.
create or replace function plain_key(p_text varchar2) return varchar2 deterministic is
begin
  return upper(without_accents(trim(p_text)));
end;
/

-- Title case that keeps Portuguese prepositions small: RIO DE JANEIRO -> Rio de Janeiro. The first word stays capital.
create or replace function title_case(p_text varchar2) return varchar2 deterministic is
begin
  return replace(replace(replace(replace(replace(replace(
    initcap(p_text), ' De ', ' de '), ' Da ', ' da '), ' Do ', ' do '), ' Dos ', ' dos '), ' Das ', ' das '), ' E ', ' e ');
end;
/

-- The form in which e-mails are compared.
create or replace function email_key(p_email varchar2) return varchar2 deterministic is
begin
  return lower(tidy(p_email));
end;
/

-- Only the digits; null when there are none.
create or replace function digits_of(p_text varchar2) return varchar2 deterministic is
  v_digits varchar2(4000 char) := regexp_replace(p_text, '[^0-9]', '');
begin
  return case when length(v_digits) > 0 then v_digits end;
end;
/

-- A number as a spreadsheet wrote it, 01310100.0, without the fraction that says nothing: one or two zeros at the end, or any number
-- of them behind seven digits in a row (after fewer, .0000 may be the last group of a phone number).
create or replace function drop_zero_fraction(p_text varchar2) return varchar2 deterministic is
begin
  if substr(p_text, -2) = '.0' then
    return substr(p_text, 1, length(p_text) - 2);
  elsif substr(p_text, -3) = '.00' then
    return substr(p_text, 1, length(p_text) - 3);
  elsif substr(p_text, -3) = '000' and regexp_instr(p_text, '[0-9]{7}[.]0+$') > 0 then
    return substr(p_text, 1, regexp_instr(p_text, '[.]0+$') - 1);
  end if;
  return p_text;
end;
/

-- The form in which zip codes are compared: digits, eight at least.
create or replace function zipcode_key(p_zipcode varchar2) return varchar2 deterministic is
  v_digits varchar2(4000 char) := digits_of(drop_zero_fraction(tidy(p_zipcode)));
begin
  return lpad(v_digits, greatest(8, length(v_digits)), '0');
end;
/

-- The form in which phones are compared: the digits of the first number, at most 13; null for the placeholder of contacts without one.
-- A number has eight digits with anything between them and goes on over points, hyphens and blanks; a letter or a sign that parts two
-- numbers ends it, and so do blanks when there would be more than 13 digits.
create or replace function phone_key(p_phone varchar2) return varchar2 deterministic is
  v_ends varchar2(60 char) := '0-9A-Za-z/;,|(+:&#*' || chr(9) || chr(10);
  v_run varchar2(4000 char) := drop_zero_fraction(tidy(p_phone));
begin
  if length(digits_of(v_run)) >= 8 then
    v_run := regexp_substr(v_run, '^([^0-9]*[0-9]){8}([^' || v_ends || ']*[0-9])*');
  end if;
  if length(digits_of(v_run)) > 13 then
    v_run := regexp_substr(v_run, '^([^0-9]*[0-9]){8}([^' || v_ends || ' ]*[0-9])*');
  end if;
  return nullif(substr(digits_of(drop_zero_fraction(v_run)), 1, 13), '5500000000');
end;
/

-- The form in which tax ids are compared, as the columns taxid_key hold it; null when nothing is left.
create or replace function taxid_key(p_taxid varchar2) return varchar2 deterministic is
  v_key varchar2(4000 char) := upper(regexp_replace(p_taxid, '[^0-9A-Za-z]', ''));
begin
  return case when length(v_key) > 0 then lpad(v_key, greatest(14, length(v_key)), '0') end;
end;
/

-- The form in which state registrations are compared: ISENTO when exempt, else digits.
create or replace function tax_registration_key(p_value varchar2) return varchar2 deterministic is
  v_word varchar2(4000 char) := upper(replace(replace(trim(p_value), '.', ''), '-', ''));
begin
  if v_word in ('0', '99', 'ISENTO', 'EXEMPT') then
    return 'ISENTO';
  end if;
  return nvl(digits_of(p_value), 'ISENTO');
end;
/

-- How the ERP writes a state registration: exempt -> ISENTO; else through the state's mask, e.g. the setting
-- tax_registration_mask_SP = '###.###.###.###'; digits alone when there is no mask or it does not fit.
create or replace function masked_tax_registration(p_value varchar2, p_state_code varchar2) return varchar2 is
  v_digits varchar2(4000 char) := tax_registration_key(p_value);
  v_mask varchar2(200 char);
  v_result varchar2(400 char);
  v_next number(5) := 1;
begin
  v_mask := ponte_setting('tax_registration_mask_' || p_state_code);
  if v_digits = 'ISENTO' or v_mask is null or length(v_mask) - nvl(length(replace(v_mask, '#', '')), 0) <> length(v_digits) then
    return v_digits;
  end if;
  for v_at in 1 .. length(v_mask) loop
    if substr(v_mask, v_at, 1) = '#' then
      v_result := v_result || substr(v_digits, v_next, 1);
      v_next := v_next + 1;
    else
      v_result := v_result || substr(v_mask, v_at, 1);
    end if;
  end loop;
  return v_result;
end;
/

-- A day some days later, 0 or more.
create or replace function add_days(p_day date, p_days number) return date deterministic is
  v_day date := p_day;
  v_left number(10) := p_days;
begin
  while v_left >= 30 loop
    v_day := v_day + interval '30' day;
    v_left := v_left - 30;
  end loop;
  while v_left > 0 loop
    v_day := v_day + interval '1' day;
    v_left := v_left - 1;
  end loop;
  return v_day;
end;
/

-- What the company's clocks, and so the ERP's own columns, show at a moment of UTC.
create or replace function erp_time(p_utc timestamp) return date is
  v_zone varchar2(60 char) := nvl(ponte_setting('time_zone'), 'UTC');
begin
  return cast(from_tz(p_utc, 'UTC') at time zone v_zone as date);
end;
/

-- The time on the company's clocks: whatever is written into the ERP's columns is dated by it, never by the session's zone.
create or replace function erp_now return date is
begin
  return erp_time(sys_extract_utc(systimestamp));
end;
/

-- The first day whose budgets and orders count: today by the company's clock. Without time of day, so that
-- today's items, which are dated midnight, are inside.
create or replace function erp_today return date is
begin
  return trunc(erp_now());
end;
/

-- A client code that is free: codes that the ERP gave by itself are skipped, and the sequence moves past them once.
create or replace function get_client_code return number is
  v_highest clients.client_code%type;
  v_code clients.client_code%type;
begin
  select nvl(max(client_code), 0) into v_highest from clients;
  loop
    v_code := seq_client_code.nextval;
    exit when v_code > v_highest;
  end loop;
  return v_code;
end;
/

-- S: an error of the database or of the session, not of the row that was being written: a deadlock, a lock that was waited for, code that was
-- made anew, no room, an instance that goes down, a missing right. It is raised as it is, so that who wrote the row tries again; what
-- the row is refused for is told as -20001, -20012 or -20020. It is recognised too where an error of the application quotes it.
create or replace function ponte_is_systemic(p_code error_log.errorcode%type, p_error varchar2) return varchar2 deterministic is
  v_code error_log.errorcode%type := abs(p_code);
  v_rest varchar2(4000 char) := p_error;
  v_at number(5);
begin
  loop
    if v_code in (
         -- Locks and other transactions.
         51, 54, 60, 1410, 1555, 2049, 4020, 4021, 8103, 8177, 30006,
         -- Code and objects under change, or not to be seen.
         942, 1031, 4061, 4062, 4063, 4064, 4065, 4067, 4068, 4098, 6508, 6550,
         -- Room.
         257, 1114, 1115, 1116, 1536, 1562, 1565, 1628, 1630, 1631, 1632, 1683, 1688, 1691, 1692, 19502, 19504, 19809, 19815, 30036,
         -- Memory, session, instance, files.
         18, 20, 28, 372, 376, 600, 603, 1012, 1013, 1033, 1034, 1089, 1090, 1092, 1109, 1110, 1157, 1578, 2020, 2068, 3113, 3114, 3135, 4030,
         4031, 4036, 7445, 16000, 25402, 25405, 25408)
       or v_code between 1650 and 1659 or v_code between 12150 and 12699 then
      return 'S';
    end if;
    v_at := nvl(instr(v_rest, 'ORA-'), 0);
    exit when v_at = 0;
    v_rest := substr(v_rest, v_at + 4);
    v_code := digits_of(substr(v_rest, 1, 5));
  end loop;
  return 'N';
end;
/

-- For triggers: the new value when all are wanted (S) or when it is another one than before; else null, which says "nothing new".
create or replace function if_moved(p_all varchar2, p_old varchar2, p_new varchar2) return varchar2 deterministic is
begin
  if p_all = 'S' or p_old is null or p_old <> p_new then
    return p_new;
  end if;
  return null;
end;
/
