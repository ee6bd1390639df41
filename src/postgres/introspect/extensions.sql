select pg_catalog.json_build_object('name', e.extname)
from pg_catalog.pg_extension e
order by e.extname collate "C"
