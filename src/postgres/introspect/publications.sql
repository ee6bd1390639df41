select pg_catalog.json_build_object(
    'name', p.pubname,
    'publishes_delete', p.pubdelete,
    'tables', (
        select pg_catalog.json_agg(
            pg_catalog.json_build_object(
                'schema', n.nspname, 'name', c.relname, 'replica_identity', c.relreplident::text)
            order by n.nspname collate "C", c.relname collate "C")
        from pg_catalog.pg_publication_tables published
        join pg_catalog.pg_namespace n on n.nspname = published.schemaname
        join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = published.tablename
        where published.pubname = p.pubname))
from pg_catalog.pg_publication p
order by p.pubname collate "C"
