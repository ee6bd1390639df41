-- hypopg: no index is ever imagined.
create or replace function @extschema@.hypopg_create_index(sql_order text, out indexrelid oid, out indexname text)
returns setof record language sql as $$ select 0::oid, '' where false $$;
create or replace function @extschema@.hypopg_reset() returns void language sql as $$ select $$;
