-- What the server says, then what is set for this database and for roles in it.
select pg_catalog.json_build_object('name', s.name, 'value', s.reset_val, 'scope', 'server', 'role', null)
from pg_catalog.pg_settings s
where s.name in ('log_min_duration_statement', 'track_counts', 'shared_preload_libraries')
union all
select pg_catalog.json_build_object(
    'name', pg_catalog.split_part(one.setting, '=', 1),
    'value', pg_catalog.substr(one.setting, pg_catalog.strpos(one.setting, '=') + 1),
    'scope', case when d.setrole = 0 then 'database' else 'role' end,
    'role', case when d.setrole <> 0 then pg_catalog.pg_get_userbyid(d.setrole) end)
from pg_catalog.pg_db_role_setting d
cross join lateral pg_catalog.unnest(d.setconfig) one(setting)
where (d.setdatabase = 0 or d.setdatabase = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
    and pg_catalog.split_part(one.setting, '=', 1) in ('log_min_duration_statement', 'track_counts')
