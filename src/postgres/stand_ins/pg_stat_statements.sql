-- pg_stat_statements: the view is there and empty.
create or replace view @extschema@.pg_stat_statements as
    select 0::oid as userid, 0::oid as dbid, true as toplevel, 0::bigint as queryid, ''::text as query,
        0::bigint as plans, 0::double precision as total_plan_time, 0::bigint as calls,
        0::double precision as total_exec_time, 0::double precision as min_exec_time,
        0::double precision as max_exec_time, 0::double precision as mean_exec_time,
        0::double precision as stddev_exec_time, 0::bigint as rows, 0::bigint as shared_blks_hit,
        0::bigint as shared_blks_read
    where false;
create or replace function @extschema@.pg_stat_statements_reset(
    userid oid default 0, dbid oid default 0, queryid bigint default 0
) returns void language sql as $$ select $$;
