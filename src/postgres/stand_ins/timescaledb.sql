-- TimescaleDB: hypertables stay plain tables.
create or replace function @extschema@.create_hypertable(
    relation regclass, time_column_name name, partitioning_column name default null,
    number_partitions integer default null, associated_schema_name name default null,
    associated_table_prefix name default null, chunk_time_interval anyelement default null::bigint,
    create_default_indexes boolean default true, if_not_exists boolean default false,
    partitioning_func regproc default null, migrate_data boolean default false
) returns table (hypertable_id integer, schema_name name, table_name name, created boolean) language sql as $$
    select 1, relnamespace::regnamespace::name, relname, true from pg_catalog.pg_class where oid = relation
$$;
create or replace function @extschema@.time_bucket(bucket_width interval, ts timestamptz) returns timestamptz
language sql immutable strict parallel safe as $$ select date_bin(bucket_width, ts, timestamptz '2000-01-03') $$;
create or replace function @extschema@.time_bucket(bucket_width interval, ts timestamp) returns timestamp
language sql immutable strict parallel safe as $$ select date_bin(bucket_width, ts, timestamp '2000-01-03') $$;
create or replace function @extschema@.add_retention_policy(
    relation regclass, drop_after anyelement, if_not_exists boolean default false
) returns integer language sql as $$ select 1 $$;
create or replace function @extschema@.add_compression_policy(
    hypertable regclass, compress_after anyelement, if_not_exists boolean default false
) returns integer language sql as $$ select 1 $$;
create or replace function @extschema@.add_continuous_aggregate_policy(
    continuous_aggregate regclass, start_offset anyelement, end_offset anyelement, schedule_interval interval,
    if_not_exists boolean default false
) returns integer language sql as $$ select 1 $$;
