-- hstore: the type holds its text.
do $$
begin
    if to_regtype('@extschema@.hstore') is null then
        create domain @extschema@.hstore as text;
    end if;
end
$$;
