-- What is under way to the CRM: when an answer is lost, it is what tells our own values there from those of its users.

alter table agreed add column sent jsonb;
comment on column agreed.sent is 'Values that were sent to the CRM, written down before; null once it is known whether it took them.';
