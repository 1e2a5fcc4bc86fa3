-- What the owner of Ponte's objects needs to install them, given by the DBA: `ponte_owner` stands for its name, `users` for its tablespace.
-- `ponte migrate` looks for these before it changes anything. After it only the session and the quota are needed; a next version asks again.
-- Procedures run with their owner's rights, and rights of a role do not count there: where the ERP's tables belong to another
-- schema, their rights are given to the owner by name, with grant option as far as views pass them on (ORA-01720).

grant create session to ponte_owner;
grant create table to ponte_owner;
grant create view to ponte_owner;
grant create sequence to ponte_owner;
grant create procedure to ponte_owner;
grant create trigger to ponte_owner;
alter user ponte_owner quota unlimited on users;
