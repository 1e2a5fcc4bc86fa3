-- What the way back needs besides: what a lead held when it left the mirror.

create table if not exists leads_removed (
  id bigint primary key,
  client_code bigint,
  budget_value decimal(20, 6),
  order_value decimal(20, 6),
  stage varchar(50),
  removed_on datetime(6) not null default current_timestamp(6),
  reason varchar(200) not null
) comment = 'leads that left the mirror: what was sent is kept, so that a lead that comes back is not budgeted and sold again'
  character set utf8mb4 collate ponte_bin
//
