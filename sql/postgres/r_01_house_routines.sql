-- House routines that the original names but does not contain.

-- The value of a setting; null when there is no such name.
create function ponte_setting(p_name text) returns text
language sql stable parallel safe
return (select value from ponte_settings where name = p_name);

-- Title case that keeps Portuguese prepositions small: RIO DE JANEIRO -> Rio de Janeiro. The first word stays capital.
create function initcap2(p_text text) returns text
language sql immutable parallel safe
return replace(replace(replace(replace(replace(replace(
  initcap(p_text), ' De ', ' de '), ' Da ', ' da '), ' Do ', ' do '), ' Dos ', ' dos '), ' Das ', ' das '), ' E ', ' e ');

-- Text without blanks at its ends, U+00A0 included, and without control characters but tab and line feed; the empty text is null.
create function tidy(p_text text) returns text
language sql immutable parallel safe
return nullif(btrim(translate(p_text, E'\u00a0\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f', ' '), E' \t\n'), '');

-- The form in which e-mails are compared; the index contact_email holds the same.
create function email_key(p_email text) returns text
language sql immutable parallel safe
return lower(tidy(p_email));

-- A number as a spreadsheet wrote it, 01310100.0, without the fraction that says nothing: one or two zeros at the end, or any number
-- of them behind seven digits in a row (after fewer, .0000 may be the last group of a phone number).
create function drop_zero_fraction(p_text text) returns text
language sql immutable parallel safe
return case when p_text ~ '[0-9]{7}[.]0+$' then regexp_replace(p_text, '[.]0+$', '') else regexp_replace(p_text, '[.]00?$', '') end;

-- The form in which zip codes are compared: digits, eight at least.
create function zipcode_key(p_zipcode text) returns text
language sql immutable parallel safe
return lpad(nullif(regexp_replace(drop_zero_fraction(tidy(p_zipcode)), '[^0-9]', '', 'g'), ''),
            greatest(8, length(regexp_replace(drop_zero_fraction(tidy(p_zipcode)), '[^0-9]', '', 'g'))), '0');

-- The form in which phones are compared: the digits of the first number, at most 13; null for the placeholder of contacts without one.
-- A number has eight digits with anything between them and goes on over points, hyphens and blanks; a letter or a sign that parts two
-- numbers ends it, and so do blanks when there would be more than 13 digits.
create function phone_key(p_phone text) returns text
language plpgsql immutable parallel safe as $$
declare
  v_whole text := drop_zero_fraction(tidy(p_phone));
  v_run text := coalesce(substring(v_whole from '^(?:[^0-9]*[0-9]){8}(?:[^0-9A-Za-z/;,|(+:&#*\n\t]*[0-9])*'), v_whole);
begin
  if length(regexp_replace(v_run, '[^0-9]', '', 'g')) > 13 then
    v_run := substring(v_run from '^(?:[^0-9]*[0-9]){8}(?:[^0-9A-Za-z/;,|(+:&#*\n\t ]*[0-9])*');
  end if;
  return nullif(nullif(left(regexp_replace(drop_zero_fraction(v_run), '[^0-9]', '', 'g'), 13), ''), '5500000000');
end $$;

-- Unicode decomposition, marks dropped: Ação -> Acao.
create function remove_accents(p_text text) returns text
language sql immutable parallel safe
return normalize(regexp_replace(normalize(p_text, nfd), '[\u0300-\u036f]', '', 'g'), nfc);

-- The form in which tax ids are compared, the same as the columns taxid_key hold; null when nothing is left.
create function taxid_key(p_taxid text) returns text
language sql immutable parallel safe
return lpad(upper(nullif(regexp_replace(p_taxid, '[^0-9A-Za-z]', '', 'g'), '')),
            greatest(14, length(regexp_replace(p_taxid, '[^0-9A-Za-z]', '', 'g'))), '0');

-- The form in which state registrations are compared: ISENTO when exempt, else digits.
create function tax_registration_key(p_value text) returns text
language sql immutable parallel safe
return case
  when p_value is null then 'ISENTO'
  when upper(replace(replace(trim(p_value), '.', ''), '-', '')) in ('', '0', '99', 'ISENTO', 'EXEMPT') then 'ISENTO'
  else coalesce(nullif(regexp_replace(p_value, '[^0-9]', '', 'g'), ''), 'ISENTO')
end;

-- How the ERP writes a state registration: exempt -> ISENTO; else through the state's mask, e.g. the setting
-- tax_registration_mask_SP = '###.###.###.###'; digits alone when there is no mask or it does not fit.
create function format_tax_registration(p_value text, p_state_code text) returns text
language plpgsql stable as $$
declare
  v_digits text := tax_registration_key(p_value);
  v_mask text;
  v_result text := '';
  v_next integer := 1;
begin
  if v_digits = 'ISENTO' then
    return v_digits;
  end if;
  v_mask := ponte_setting('tax_registration_mask_' || p_state_code);
  if v_mask is null or length(replace(v_mask, '#', '')) + length(v_digits) <> length(v_mask) then
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
end $$;

-- Whether a SQLSTATE is of the database or of the session, not of the row that was being written: a deadlock, a lock that was waited for, no
-- room, a server that goes down or only reads, a missing right or object. It is raised as it is, so that who wrote the row tries again; what
-- the row is refused for is told as P2001, P2012 or P2020.
create function ponte_is_systemic(p_state text) returns boolean
language sql immutable parallel safe
return left(p_state, 2) in ('08', '25', '3F', '40', '42', '53', '57', '58', 'F0', 'XX') or p_state in ('55006', '55P03');

-- What the company's clocks, and so the ERP's own columns, show at a moment.
create function erp_time(p_at timestamptz) returns timestamp
language sql stable parallel safe
return p_at at time zone coalesce(ponte_setting('time_zone'), 'UTC');

-- The time on the company's clocks: whatever is written into the ERP's columns is dated by it, never by the session's zone.
create function erp_now() returns timestamp
language sql volatile parallel safe
return erp_time(clock_timestamp());

-- The first day whose budgets and orders count: today by the company's clock. Without time of day, so that
-- today's items, which are dated midnight, are inside.
create function erp_today() returns date
language sql stable parallel safe
return erp_time(current_timestamp)::date;

-- A client code that is free. Codes that the ERP gave by itself are skipped.
create function get_client_code() returns bigint
language plpgsql volatile as $$
declare
  v_code bigint := nextval('seq_client_code');
begin
  if exists (select from clients where client_code = v_code) then
    -- One session at a time moves the sequence past the highest code; it never moves back.
    perform pg_advisory_xact_lock(hashtext('get_client_code'));
    perform setval('seq_client_code', greatest((select max(client_code) from clients), (select last_value from seq_client_code)));
    v_code := nextval('seq_client_code');
  end if;
  return v_code;
end $$;
