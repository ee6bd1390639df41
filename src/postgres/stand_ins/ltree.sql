-- ltree: the type holds its text.
do $$
begin
    if to_regtype('@extschema@.ltree') is null then
        create domain @extschema@.ltree as text;
    end if;
end
$$;
