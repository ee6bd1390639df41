-- wrappers: foreign data wrappers can be declared; nothing can be read through them.
do $$
declare
    name text;
begin
    foreach name in array array['airtable', 'auth0', 'big_query', 'cal', 'calendly', 'click_house', 'clerk', 'cognito',
        'duckdb', 'firebase', 'helloworld', 'hubspot', 'iceberg', 'logflare', 'mssql', 'notion', 'orb', 'paddle',
        'redis', 's3', 's3_vectors', 'shopify', 'slack', 'snowflake', 'stripe', 'wasm'] loop
        continue when to_regproc(format('%s.%I', '@extschema@', name || '_fdw_handler')) is not null;
        -- fdw_handler_in refuses whatever it is given: a wrapper that is used says no instead of bringing down.
        execute format('create function @extschema@.%I() returns fdw_handler language internal as ''fdw_handler_in''',
            name || '_fdw_handler');
        execute format('create function @extschema@.%I(options text[], catalog oid) returns void '
            'language plpgsql as $f$ begin end $f$', name || '_fdw_validator');
    end loop;
end
$$;
