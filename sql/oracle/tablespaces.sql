-- How full the tablespaces are, in per cent of what they may grow to: the metric of the operations page.
-- Needs: grant select on sys.dba_tablespace_usage_metrics to the user that Ponte runs as.
select tablespace_name, round(used_percent, 2) as used_percent
  from dba_tablespace_usage_metrics
 order by tablespace_name;
