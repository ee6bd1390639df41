-- PostGIS: the types hold their text; points can be made and measured on a sphere, and nothing more is computed.
do $$
declare
    name text;
begin
    foreach name in array array['geometry', 'geography', 'box2d', 'box3d', 'raster'] loop
        continue when to_regtype(format('%s.%I', '@extschema@', name)) is not null;
        execute format('create type @extschema@.%I', name);
        execute format('create function @extschema@.%I(cstring, oid, integer) returns @extschema@.%I '
            'language internal immutable strict parallel safe as ''textin''', name || '_in', name);
        execute format('create function @extschema@.%I(@extschema@.%I) returns cstring '
            'language internal immutable strict parallel safe as ''textout''', name || '_out', name);
        -- geography(Point, 4326): whatever stands in the brackets is taken.
        execute format('create function @extschema@.%I(cstring[]) returns integer '
            'language internal immutable strict parallel safe as ''array_ndims''', name || '_typmod_in');
        execute format('create type @extschema@.%1$I (input = @extschema@.%2$I, output = @extschema@.%3$I, '
            'typmod_in = @extschema@.%4$I, storage = main)', name, name || '_in', name || '_out',
            name || '_typmod_in');
        execute format('create cast (@extschema@.%I as text) with inout as assignment', name);
        execute format('create cast (text as @extschema@.%I) with inout', name);
    end loop;
    if not exists (
        select from pg_catalog.pg_cast
        where castsource = to_regtype('@extschema@.geography') and casttarget = to_regtype('@extschema@.geometry')
    ) then
        create cast (@extschema@.geography as @extschema@.geometry) with inout;
        create cast (@extschema@.geometry as @extschema@.geography) with inout as implicit;
    end if;
end
$$;
create table if not exists @extschema@.spatial_ref_sys (
    srid integer not null primary key, auth_name varchar(256), auth_srid integer, srtext varchar(2048),
    proj4text varchar(2048)
);
create or replace function @extschema@.st_makepoint(x double precision, y double precision)
returns @extschema@.geometry language sql immutable strict parallel safe as $$
    select ('POINT(' || x || ' ' || y || ')')::@extschema@.geometry
$$;
create or replace function @extschema@.st_point(x double precision, y double precision, srid integer default 0)
returns @extschema@.geometry language sql immutable strict parallel safe as $$
    select @extschema@.st_makepoint(x, y)
$$;
create or replace function @extschema@.st_setsrid(shape @extschema@.geometry, srid integer)
returns @extschema@.geometry language sql immutable strict parallel safe as $$ select shape $$;
create or replace function @extschema@.st_srid(shape @extschema@.geometry) returns integer
language sql immutable strict parallel safe as $$ select 4326 $$;
create or replace function @extschema@.st_transform(shape @extschema@.geometry, srid integer)
returns @extschema@.geometry language sql immutable strict parallel safe as $$ select shape $$;
create or replace function @extschema@.st_geomfromtext(value text, srid integer default 0)
returns @extschema@.geometry language sql immutable strict parallel safe as $$
    select regexp_replace(value, '^SRID=\d+;', '', 'i')::@extschema@.geometry
$$;
create or replace function @extschema@.st_geogfromtext(value text) returns @extschema@.geography
language sql immutable strict parallel safe as $$
    select regexp_replace(value, '^SRID=\d+;', '', 'i')::@extschema@.geography
$$;
create or replace function @extschema@.st_geographyfromtext(value text) returns @extschema@.geography
language sql immutable strict parallel safe as $$ select @extschema@.st_geogfromtext(value) $$;
create or replace function @extschema@.st_geomfromgeojson(value jsonb) returns @extschema@.geometry
language sql immutable strict parallel safe as $$
    select ('POINT(' || coalesce(value #>> '{coordinates,0}', '0') || ' '
        || coalesce(value #>> '{coordinates,1}', '0') || ')')::@extschema@.geometry
$$;
create or replace function @extschema@.st_geomfromgeojson(value text) returns @extschema@.geometry
language sql immutable strict parallel safe as $$ select @extschema@.st_geomfromgeojson(value::jsonb) $$;
create or replace function @extschema@.st_x(shape @extschema@.geometry) returns double precision
language sql immutable strict parallel safe as $$
    select (regexp_match(shape::text, 'POINT\s*\(\s*(\S+)\s+[^) ]+\s*\)', 'i'))[1]::double precision
$$;
create or replace function @extschema@.st_y(shape @extschema@.geometry) returns double precision
language sql immutable strict parallel safe as $$
    select (regexp_match(shape::text, 'POINT\s*\(\s*\S+\s+([^) ]+)\s*\)', 'i'))[1]::double precision
$$;
create or replace function @extschema@.st_distance(one @extschema@.geography, other @extschema@.geography)
returns double precision language sql immutable strict parallel safe as $$
    select 6371008.8 * acos(least(1, greatest(-1,
        sind(@extschema@.st_y(one::@extschema@.geometry)) * sind(@extschema@.st_y(other::@extschema@.geometry))
        + cosd(@extschema@.st_y(one::@extschema@.geometry)) * cosd(@extschema@.st_y(other::@extschema@.geometry))
        * cosd(@extschema@.st_x(one::@extschema@.geometry) - @extschema@.st_x(other::@extschema@.geometry)))))
$$;
create or replace function @extschema@.st_distance(one @extschema@.geometry, other @extschema@.geometry)
returns double precision language sql immutable strict parallel safe as $$
    select sqrt((@extschema@.st_x(one) - @extschema@.st_x(other)) ^ 2
        + (@extschema@.st_y(one) - @extschema@.st_y(other)) ^ 2)
$$;
create or replace function @extschema@.st_dwithin(
    one @extschema@.geography, other @extschema@.geography, meters double precision, use_spheroid boolean default true
) returns boolean language sql immutable strict parallel safe as $$
    select @extschema@.st_distance(one, other) <= meters
$$;
create or replace function @extschema@.st_dwithin(
    one @extschema@.geometry, other @extschema@.geometry, distance double precision
) returns boolean language sql immutable strict parallel safe as $$
    select @extschema@.st_distance(one, other) <= distance
$$;
create or replace function @extschema@.st_astext(shape @extschema@.geometry) returns text
language sql immutable strict parallel safe as $$ select shape::text $$;
create or replace function @extschema@.st_astext(shape @extschema@.geography) returns text
language sql immutable strict parallel safe as $$ select shape::text $$;
create or replace function @extschema@.st_asgeojson(shape @extschema@.geometry) returns text
language sql immutable strict parallel safe as $$
    select json_build_object('type', 'Point', 'coordinates',
        json_build_array(@extschema@.st_x(shape), @extschema@.st_y(shape)))::text
$$;
create or replace function @extschema@.st_asgeojson(shape @extschema@.geography) returns text
language sql immutable strict parallel safe as $$ select @extschema@.st_asgeojson(shape::@extschema@.geometry) $$;
create or replace function @extschema@.st_makeenvelope(
    x_low double precision, y_low double precision, x_high double precision, y_high double precision,
    srid integer default 0
) returns @extschema@.geometry language sql immutable strict parallel safe as $$
    select ('ENVELOPE(' || x_low || ' ' || y_low || ',' || x_high || ' ' || y_high || ')')::@extschema@.geometry
$$;
create or replace function @extschema@.st_buffer(shape @extschema@.geography, meters double precision)
returns @extschema@.geography language sql immutable strict parallel safe as $$ select shape $$;
create or replace function @extschema@.st_isvalid(shape @extschema@.geometry) returns boolean
language sql immutable strict parallel safe as $$ select true $$;
create or replace function @extschema@.st_area(shape @extschema@.geography) returns double precision
language sql immutable strict parallel safe as $$ select 0::double precision $$;
create or replace function @extschema@.postgis_version() returns text language sql immutable as $$ select '3.0' $$;
do $$
declare
    name text;
begin
    foreach name in array array['contains', 'within', 'intersects', 'covers', 'coveredby', 'equals', 'overlaps'] loop
        execute format('create or replace function @extschema@.%I(one @extschema@.geometry, '
            'other @extschema@.geometry) returns boolean language sql immutable strict parallel safe as $f$ '
            'select one::text = other::text $f$', 'st_' || name);
        execute format('create or replace function @extschema@.%I(one @extschema@.geography, '
            'other @extschema@.geography) returns boolean language sql immutable strict parallel safe as $f$ '
            'select one::text = other::text $f$', 'st_' || name);
    end loop;
    foreach name in array array['geometry', 'geography'] loop
        continue when to_regoperator(format('@extschema@.&&(@extschema@.%1$I,@extschema@.%1$I)', name)) is not null;
        execute format('create operator @extschema@.&& (leftarg = @extschema@.%1$I, rightarg = @extschema@.%1$I, '
            'function = @extschema@.st_intersects, commutator = operator(@extschema@.&&))', name);
        execute format('create operator @extschema@.<-> (leftarg = @extschema@.%1$I, rightarg = @extschema@.%1$I, '
            'function = @extschema@.st_distance, commutator = operator(@extschema@.<->))', name);
    end loop;
end
$$;
