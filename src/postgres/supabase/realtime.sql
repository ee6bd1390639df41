-- What Supabase's realtime server keeps in the database: broadcast messages, and whom policies let read and send.
set local role supabase_realtime_admin;

create table if not exists realtime.messages (
    topic text not null,
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false,
    updated_at timestamp not null default now(),
    inserted_at timestamp not null default now(),
    id uuid not null default gen_random_uuid(),
    constraint messages_pkey primary key (id, inserted_at)
) partition by range (inserted_at);
-- The server makes a partition a day; one for all days does here.
create table if not exists realtime.messages_every_day partition of realtime.messages default;
alter table realtime.messages enable row level security;

create table if not exists realtime.schema_migrations (
    version bigint not null primary key,
    inserted_at timestamp(0)
);

create or replace function realtime.topic() returns text language sql stable as $$
    select nullif(current_setting('realtime.topic', true), '')::text
$$;

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql as $$
begin
    begin
        perform set_config('realtime.topic', topic, true);
        insert into realtime.messages (payload, event, topic, private, extension)
        values (payload, event, topic, private, 'broadcast');
    exception when others then
        -- A broadcast that fails does not undo the write that sent it.
        raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
    end;
end
$$;

create or replace function realtime.broadcast_changes(
    topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record,
    level text default 'ROW'
) returns void language plpgsql as $$
begin
    if level = 'STATEMENT' then
        raise exception 'function can only be triggered for each row, not for each statement';
    end if;
    if operation not in ('INSERT', 'UPDATE', 'DELETE') then
        raise exception 'Unexpected operation type: %', operation;
    end if;
    perform realtime.send(
        jsonb_build_object('old_record', old, 'record', new, 'operation', operation, 'table', table_name,
            'schema', table_schema),
        event_name, topic_name
    );
end
$$;

grant all on all tables in schema realtime to postgres, dashboard_user;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;

reset role;
