-- E-mails are compared without control characters, so that a contact who has one is found by the e-mail that the CRM was told.
-- The same expression as email_key(), written out: a generated column may not call a routine.
alter table contact modify email_key varchar(200) generated always as
  (lower(nullif(trim(regexp_replace(regexp_replace(replace(email, convert(x'C2A0' using utf8mb4), ' '), '[\\x00-\\x08\\x0B-\\x1F]', ''), '^[ \\t\\n]+|[ \\t\\n]+\\z', '')), ''))) stored comment 'as email_key() compares them'
//
alter table contacts modify email_key varchar(200) generated always as
  (lower(nullif(trim(regexp_replace(regexp_replace(replace(email, convert(x'C2A0' using utf8mb4), ' '), '[\\x00-\\x08\\x0B-\\x1F]', ''), '^[ \\t\\n]+|[ \\t\\n]+\\z', '')), ''))) stored
//
