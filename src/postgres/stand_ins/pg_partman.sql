-- pg_partman: parents are noted; each gets a default partition and no other.
create table if not exists @extschema@.part_config (
    parent_table text not null primary key,
    control text not null,
    partition_interval text not null,
    partition_type text not null default 'range',
    premake integer not null default 4,
    automatic_maintenance text not null default 'on',
    retention text,
    retention_keep_table boolean not null default true,
    infinite_time_partitions boolean not null default false
);
create or replace function @extschema@.create_parent(
    p_parent_table text, p_control text, p_interval text, p_type text default 'range',
    p_epoch text default 'none', p_premake integer default 4, p_start_partition text default null,
    p_default_table boolean default true, p_automatic_maintenance text default 'on',
    p_constraint_cols text[] default null, p_template_table text default null, p_jobmon boolean default true
) returns boolean language plpgsql as $$
begin
    insert into @extschema@.part_config (parent_table, control, partition_interval, partition_type)
    values (p_parent_table, p_control, p_interval, p_type);
    if p_default_table then
        execute format('create table if not exists %s partition of %s default',
            p_parent_table::regclass::text || '_default', p_parent_table::regclass);
    end if;
    return true;
end
$$;
create or replace function @extschema@.run_maintenance(
    p_parent_table text default null, p_analyze boolean default false, p_jobmon boolean default true
) returns void language sql as $$ select $$;
create or replace procedure @extschema@.run_maintenance_proc(
    p_wait integer default 0, p_analyze boolean default null, p_jobmon boolean default true
) language sql as $$ select $$;
