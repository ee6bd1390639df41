-- Computes when habits run. Nothing here needs pg_cron: whatever can call run_due_habits() every minute as the service
-- role will do, pg_cron or a worker.

create function private.cron_field_values(field text, lowest integer, highest integer) returns integer[]
language plpgsql immutable strict
set search_path = ''
as $$
declare
    item text;
    parts text[];
    first_value integer;
    last_value integer;
    step integer;
    listed integer[] := '{}';
begin
    foreach item in array string_to_array(field, ',') loop
        parts := regexp_match(item, '^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?$');
        if parts is null then
            return null;
        end if;
        first_value := coalesce(parts[1]::integer, lowest);
        -- "5" is five alone, "5/15" every fifteen from five on.
        last_value := case
            when parts[2] is not null then parts[2]::integer
            when parts[1] is null or parts[3] is not null then highest
            else first_value
        end;
        step := coalesce(parts[3]::integer, 1);
        if step < 1 or first_value < lowest or last_value > highest or first_value > last_value then
            return null;
        end if;
        listed := listed || array(select generate_series(first_value, last_value, step));
    end loop;
    return nullif(listed, '{}');
end;
$$;

comment on function private.cron_field_values(text, integer, integer) is
    'The values that one field of a cron expression stands for, null where it is not one.';

create function private.cron_fields(cron_expression text) returns text[]
language sql immutable strict
set search_path = ''
as $$
    select regexp_split_to_array(btrim(cron_expression), '\s+') where char_length(cron_expression) <= 100
$$;

comment on function private.cron_fields(text) is 'The fields of a cron expression, null where it is too long to be one.';

create function public.is_valid_cron(cron_expression text) returns boolean
language sql immutable strict
set search_path = ''
as $$
    select coalesce(
        array_length(fields, 1) = 5
            and private.cron_field_values(fields[1], 0, 59) is not null
            and private.cron_field_values(fields[2], 0, 23) is not null
            and private.cron_field_values(fields[3], 1, 31) is not null
            and private.cron_field_values(fields[4], 1, 12) is not null
            and private.cron_field_values(fields[5], 0, 7) is not null,
        false
    )
    from private.cron_fields(cron_expression) as fields
$$;

comment on function public.is_valid_cron(text) is
    'Whether this is a cron expression: minute, hour, day of the month, month, day of the week.';

create function public.next_cron_run(cron_expression text, after timestamptz, timezone text default 'UTC')
returns timestamptz
language plpgsql stable strict
set search_path = ''
as $$
declare
    fields text[] := private.cron_fields(cron_expression);
    minutes integer[];
    hours integer[];
    month_days integer[];
    months integer[];
    week_days integer[];
    either_day boolean;
    on_month_day boolean;
    on_week_day boolean;
    day date;
    run timestamptz;
begin
    if not public.is_valid_cron(cron_expression) or not isfinite(after) then
        return null;
    end if;
    minutes := private.cron_field_values(fields[1], 0, 59);
    hours := private.cron_field_values(fields[2], 0, 23);
    month_days := private.cron_field_values(fields[3], 1, 31);
    months := private.cron_field_values(fields[4], 1, 12);
    week_days := private.cron_field_values(fields[5], 0, 7);
    -- As cron has it: where both kinds of day are restricted, either will do.
    either_day := fields[3] not like '*%' and fields[5] not like '*%';

    day := (after at time zone timezone)::date;
    -- The longest wait is for the 29th of February across a century without one: eight years.
    for _ in 0 .. 8 * 366 loop
        on_month_day := extract(day from day)::integer = any (month_days);
        -- Sunday is both 0 and 7.
        on_week_day := extract(dow from day)::integer = any (week_days)
            or extract(isodow from day)::integer = any (week_days);
        if extract(month from day)::integer = any (months)
            and ((on_month_day and on_week_day) or (either_day and (on_month_day or on_week_day)))
        then
            select min(candidate) into run
            from unnest(hours) as hour
            cross join unnest(minutes) as minute
            cross join lateral (select (day + make_time(hour, minute, 0)) at time zone timezone as candidate) as moment
            where candidate > after;
            if run is not null then
                return run;
            end if;
        end if;
        day := day + 1;
    end loop;
    return null;
end;
$$;

comment on function public.next_cron_run(text, timestamptz, text) is
    'The first time after this one at which a cron expression is due, by the clock of a time zone. Null where there is none.';

revoke all on function private.cron_field_values(text, integer, integer) from public;
revoke all on function private.cron_fields(text) from public;
revoke all on function public.is_valid_cron(text) from public, anon, authenticated;
revoke all on function public.next_cron_run(text, timestamptz, text) from public, anon, authenticated;
-- Whoever writes a habit runs these, by the constraint and the trigger below.
grant execute on function private.cron_field_values(text, integer, integer) to authenticated, service_role;
grant execute on function private.cron_fields(text) to authenticated, service_role;
grant execute on function public.is_valid_cron(text) to authenticated, service_role;
grant execute on function public.next_cron_run(text, timestamptz, text) to authenticated, service_role;

-- Habits and their scheduler are released together: there is no habit yet that a scan would have to read.
-- squawk-ignore constraint-missing-not-valid
alter table public.habits add constraint habits_cron_expression_check check (public.is_valid_cron(cron_expression));

-- squawk-ignore require-concurrent-index-creation
create index habits_next_run_at_idx on public.habits (next_run_at) where is_enabled;

create function private.schedule_habit() returns trigger
language plpgsql
set search_path = ''
as $$
begin
    new.next_run_at := case
        when new.is_enabled then public.next_cron_run(new.cron_expression, now(), new.timezone)
    end;
    return new;
end;
$$;

comment on function private.schedule_habit() is 'Keeps next_run_at when a habit is made, changed, or switched on or off.';

revoke all on function private.schedule_habit() from public;

create trigger habits_schedule before insert or update of cron_expression, timezone, is_enabled on public.habits
    for each row execute function private.schedule_habit();

create function public.run_due_habits(maximum integer default 100) returns setof public.skill_executions
language sql volatile
set search_path = ''
as $$
    with due as (
        select habit.id
        from public.habits as habit
        join public.projects as project on project.id = habit.project_id
        join public.skills as skill on skill.id = habit.skill_id
        where habit.is_enabled
            and skill.is_enabled
            and project.status = 'active'
            and habit.next_run_at <= now()
        order by habit.next_run_at
        limit maximum
        -- Several schedulers at once take different habits.
        for update of habit skip locked
    ),
    advanced as (
        update public.habits as habit
        set last_run_at = now(), next_run_at = public.next_cron_run(habit.cron_expression, now(), habit.timezone)
        from due
        where habit.id = due.id
        returning habit.*
    )
    insert into public.skill_executions (organization_id, project_id, skill_id, habit_id, execution_type, input)
    select organization_id, project_id, skill_id, id, 'habit', input
    from advanced
    returning *
$$;

comment on function public.run_due_habits(integer) is
    'Asks for a run of every habit that is due, and says when it is due next. For the scheduler alone.';

revoke all on function public.run_due_habits(integer) from public, anon, authenticated;
grant execute on function public.run_due_habits(integer) to service_role;

-- Views show what the caller may see: security_invoker.

create view public.scheduled_habits with (security_invoker = true) as
select
    habit.id,
    habit.organization_id,
    habit.project_id,
    habit.skill_id,
    habit.name,
    skill.name as skill_name,
    habit.cron_expression,
    habit.timezone,
    habit.last_run_at,
    habit.next_run_at
from public.habits as habit
join public.skills as skill on skill.project_id = habit.project_id and skill.id = habit.skill_id
where habit.is_enabled;

comment on view public.scheduled_habits is 'Habits that are switched on, with when they run next.';

create view public.due_habits with (security_invoker = true) as
select habit.*, now() - habit.next_run_at as overdue_by
from public.scheduled_habits as habit
where habit.next_run_at <= now();

comment on view public.due_habits is 'Habits whose time has come and that no scheduler has taken yet.';

create view public.habit_runs with (security_invoker = true) as
select
    habit.id,
    habit.organization_id,
    habit.project_id,
    habit.name,
    count(execution.id) as runs,
    count(execution.id) filter (where execution.status = 'completed') as completed,
    count(execution.id) filter (where execution.status = 'failed') as failed,
    max(execution.created_at) as last_asked_at,
    avg(execution.completed_at - execution.started_at) as average_duration
from public.habits as habit
left join public.skill_executions as execution
    on execution.project_id = habit.project_id and execution.habit_id = habit.id
group by habit.id;

comment on view public.habit_runs is 'How the runs of each habit went.';

revoke all on public.scheduled_habits, public.due_habits, public.habit_runs from anon, authenticated;
grant select on public.scheduled_habits, public.due_habits, public.habit_runs to authenticated, service_role;
