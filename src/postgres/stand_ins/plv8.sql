-- plv8: functions can be written; whoever calls one is refused.
create or replace function @extschema@.plv8_call_handler() returns language_handler language internal
    as 'language_handler_in';
create or replace trusted language plv8 handler @extschema@.plv8_call_handler;
