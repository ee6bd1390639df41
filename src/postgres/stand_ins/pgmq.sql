-- pgmq: queues are tables, as they are with the extension.
create schema if not exists pgmq;
create table if not exists pgmq.meta (
    queue_name varchar not null primary key,
    is_partitioned boolean not null default false,
    is_unlogged boolean not null default false,
    created_at timestamptz not null default now()
);
do $$
begin
    if to_regtype('pgmq.message_record') is null then
        create type pgmq.message_record as (
            msg_id bigint, read_ct integer, enqueued_at timestamptz, vt timestamptz, message jsonb, headers jsonb
        );
        create type pgmq.queue_record as (
            queue_name varchar, is_partitioned boolean, is_unlogged boolean, created_at timestamptz
        );
        create type pgmq.metrics_result as (
            queue_name text, queue_length bigint, newest_msg_age_sec integer, oldest_msg_age_sec integer,
            total_messages bigint, scrape_time timestamptz
        );
    end if;
end
$$;
create or replace function pgmq."create"(queue_name text) returns void language plpgsql as $$
begin
    execute format('create table if not exists pgmq.%I (msg_id bigint generated always as identity primary key, '
        'read_ct integer not null default 0, enqueued_at timestamptz not null default now(), '
        'vt timestamptz not null, message jsonb, headers jsonb)', 'q_' || lower(queue_name));
    execute format('create table if not exists pgmq.%I (msg_id bigint primary key, '
        'read_ct integer not null default 0, enqueued_at timestamptz not null default now(), '
        'archived_at timestamptz not null default now(), vt timestamptz not null, message jsonb, headers jsonb)',
        'a_' || lower(queue_name));
    insert into pgmq.meta (queue_name) values (queue_name) on conflict do nothing;
end
$$;
create or replace function pgmq.create_non_partitioned(queue_name text) returns void language sql as $$
    select pgmq."create"(queue_name)
$$;
create or replace function pgmq.create_unlogged(queue_name text) returns void language sql as $$
    select pgmq."create"(queue_name)
$$;
create or replace function pgmq.create_partitioned(
    queue_name text, partition_interval text default '10000', retention_interval text default '100000'
) returns void language sql as $$ select pgmq."create"(queue_name) $$;
create or replace function pgmq.send(queue_name text, msg jsonb, headers jsonb, delay integer)
returns setof bigint language plpgsql as $$
begin
    return query execute format(
        'insert into pgmq.%I (vt, message, headers) values (clock_timestamp() + make_interval(secs => $1), $2, $3) '
        'returning msg_id', 'q_' || lower(queue_name)) using delay, msg, headers;
end
$$;
create or replace function pgmq.send(queue_name text, msg jsonb) returns setof bigint language sql as $$
    select pgmq.send(queue_name, msg, null::jsonb, 0)
$$;
create or replace function pgmq.send(queue_name text, msg jsonb, delay integer) returns setof bigint
language sql as $$ select pgmq.send(queue_name, msg, null::jsonb, delay) $$;
create or replace function pgmq.send_batch(queue_name text, msgs jsonb[]) returns setof bigint language sql as $$
    select pgmq.send(queue_name, msg, null::jsonb, 0) from unnest(msgs) as msg
$$;
create or replace function pgmq.send_batch(queue_name text, msgs jsonb[], delay integer) returns setof bigint
language sql as $$ select pgmq.send(queue_name, msg, null::jsonb, delay) from unnest(msgs) as msg $$;
create or replace function pgmq.read(queue_name text, vt integer, qty integer, conditional jsonb default '{}')
returns setof pgmq.message_record language plpgsql as $$
begin
    return query execute format(
        'update pgmq.%1$I as queue set vt = clock_timestamp() + make_interval(secs => $1), read_ct = read_ct + 1 '
        'where msg_id in (select msg_id from pgmq.%1$I where vt <= clock_timestamp() order by msg_id limit $2 '
        'for update skip locked) '
        'returning queue.msg_id, queue.read_ct, queue.enqueued_at, queue.vt, queue.message, queue.headers',
        'q_' || lower(queue_name)) using vt, qty;
end
$$;
create or replace function pgmq.pop(queue_name text) returns setof pgmq.message_record language plpgsql as $$
begin
    return query execute format(
        'delete from pgmq.%1$I as queue where msg_id = (select min(msg_id) from pgmq.%1$I '
        'where vt <= clock_timestamp()) '
        'returning queue.msg_id, queue.read_ct, queue.enqueued_at, queue.vt, queue.message, queue.headers',
        'q_' || lower(queue_name));
end
$$;
create or replace function pgmq.delete(queue_name text, msg_id bigint) returns boolean language plpgsql as $$
declare
    gone bigint;
begin
    execute format('delete from pgmq.%I where msg_id = $1 returning msg_id', 'q_' || lower(queue_name))
        into gone using msg_id;
    return gone is not null;
end
$$;
create or replace function pgmq.archive(queue_name text, msg_id bigint) returns boolean language plpgsql as $$
declare
    gone bigint;
begin
    execute format('with moved as (delete from pgmq.%I where msg_id = $1 returning *) '
        'insert into pgmq.%I (msg_id, read_ct, enqueued_at, vt, message, headers) '
        'select msg_id, read_ct, enqueued_at, vt, message, headers from moved returning msg_id',
        'q_' || lower(queue_name), 'a_' || lower(queue_name)) into gone using msg_id;
    return gone is not null;
end
$$;
create or replace function pgmq.set_vt(queue_name text, msg_id bigint, vt integer)
returns setof pgmq.message_record language plpgsql as $$
begin
    return query execute format(
        'update pgmq.%I as queue set vt = clock_timestamp() + make_interval(secs => $2) where msg_id = $1 '
        'returning queue.msg_id, queue.read_ct, queue.enqueued_at, queue.vt, queue.message, queue.headers',
        'q_' || lower(queue_name)) using msg_id, vt;
end
$$;
create or replace function pgmq.purge_queue(queue_name text) returns bigint language plpgsql as $$
declare
    gone bigint;
begin
    execute format('with gone as (delete from pgmq.%I returning 1) select count(*) from gone',
        'q_' || lower(queue_name)) into gone;
    return gone;
end
$$;
create or replace function pgmq.drop_queue(queue_name text) returns boolean language plpgsql as $$
begin
    execute format('drop table if exists pgmq.%I, pgmq.%I', 'q_' || lower(queue_name), 'a_' || lower(queue_name));
    delete from pgmq.meta where meta.queue_name = drop_queue.queue_name;
    return found;
end
$$;
create or replace function pgmq.list_queues() returns setof pgmq.queue_record language sql as $$
    select queue_name, is_partitioned, is_unlogged, created_at from pgmq.meta
$$;
create or replace function pgmq.metrics(queue_name text) returns pgmq.metrics_result language plpgsql as $$
declare
    result pgmq.metrics_result;
begin
    execute format('select $1, count(*), extract(epoch from now() - max(enqueued_at))::integer, '
        'extract(epoch from now() - min(enqueued_at))::integer, coalesce(max(msg_id), 0), now() from pgmq.%I',
        'q_' || lower(queue_name)) into result using queue_name;
    return result;
end
$$;
