-- earthdistance and cube: a place is its latitude and longitude, written down.
do $$
begin
    if to_regtype('@extschema@.earth') is null then
        create domain @extschema@.earth as text;
    end if;
end
$$;
create or replace function @extschema@.ll_to_earth(latitude double precision, longitude double precision)
returns @extschema@.earth language sql immutable strict parallel safe as $$
    select (latitude || ' ' || longitude)::@extschema@.earth
$$;
create or replace function @extschema@.latitude(place @extschema@.earth) returns double precision
language sql immutable strict parallel safe as $$ select split_part(place, ' ', 1)::double precision $$;
create or replace function @extschema@.longitude(place @extschema@.earth) returns double precision
language sql immutable strict parallel safe as $$ select split_part(place, ' ', 2)::double precision $$;
create or replace function @extschema@.earth_distance(one @extschema@.earth, other @extschema@.earth)
returns double precision language sql immutable strict parallel safe as $$
    select 6378168 * acos(least(1, greatest(-1,
        sind(@extschema@.latitude(one)) * sind(@extschema@.latitude(other))
        + cosd(@extschema@.latitude(one)) * cosd(@extschema@.latitude(other))
        * cosd(@extschema@.longitude(one) - @extschema@.longitude(other)))))
$$;
