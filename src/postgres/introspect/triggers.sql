-- tgtype is a bit mask: 1 row, 2 before, 4 insert, 8 delete, 16 update, 64 instead of (pg_trigger.h).
select pg_catalog.json_build_object(
    'table', t.tgrelid::bigint,
    'name', t.tgname,
    'function', pg_catalog.json_build_object('schema', function_namespace.nspname, 'name', f.proname),
    'enabled', t.tgenabled in ('O', 'A'),
    'on_insert', t.tgtype & 4 <> 0,
    'on_update', t.tgtype & 16 <> 0,
    'on_delete', t.tgtype & 8 <> 0,
    'for_each_row', t.tgtype & 1 <> 0,
    'before', t.tgtype & 66 <> 0,
    'definition', pg_catalog.pg_get_triggerdef(t.oid))
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc f on f.oid = t.tgfoid
join pg_catalog.pg_namespace function_namespace on function_namespace.oid = f.pronamespace
where not t.tgisinternal
order by t.tgrelid, t.tgname collate "C"
