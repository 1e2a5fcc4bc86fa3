-- E-mails are compared without control characters, so that a contact who has one is found by the e-mail that the CRM was told.
-- The same expression as email_key(), written out: an index may not hang on a routine that is made anew.
drop index if exists contact_email;
create index contact_email on contact (lower(nullif(btrim(translate(email, E'\u00a0\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f', ' '), E' \t\n'), '')));
