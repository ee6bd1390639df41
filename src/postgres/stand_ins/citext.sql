-- citext: text that minds case.
do $$
begin
    if to_regtype('@extschema@.citext') is null then
        create domain @extschema@.citext as text;
    end if;
end
$$;
