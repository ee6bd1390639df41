use crate::postgres::{Session, SqlError};

/// A hash of the catalogs as they lie there: quick, and good for telling whether anything changed within one database or between it and
/// a clone. Two schemas that say the same may have two traces, since expressions are stored with object ids in them; what lies in the
/// schema of extensions does not count.
const TRACE: &str = "with own as (select oid, nspname, nspacl::text as acl from pg_catalog.pg_namespace \
        where nspname !~ '^pg_' and nspname not in ('information_schema', 'extensions')), \
    relations as (select pg_class.oid, nspname, relname, relkind, relowner, relacl::text as acl, relrowsecurity, \
        relforcerowsecurity, reloptions::text as options from pg_catalog.pg_class join own on own.oid = relnamespace) \
    select pg_catalog.md5(pg_catalog.string_agg(line, '|' order by line collate \"C\")) from ( \
        select row(nspname, acl)::text as line from own \
        union all select row(nspname, relname, relkind, relowner, acl, relrowsecurity, relforcerowsecurity, options)::text \
            from relations \
        union all select row(nspname, relname, attname, atttypid, atttypmod, attnotnull, attidentity, attgenerated, \
            attacl::text, adbin::text)::text from relations \
            join pg_catalog.pg_attribute on attrelid = relations.oid and attnum > 0 and not attisdropped \
            left join pg_catalog.pg_attrdef on adrelid = relations.oid and adnum = attnum where relkind in ('r', 'p', 'v', 'm', 'f') \
        union all select row(nspname, relname, conname, contype, condeferrable, condeferred, convalidated, conkey, confrelid, \
            confkey, confupdtype, confdeltype, conbin::text)::text \
            from relations join pg_catalog.pg_constraint on conrelid = relations.oid \
        union all select row(nspname, relname, indrelid, indisunique, indisvalid, indkey::text, indclass::text, \
            indexprs::text, indpred::text)::text from relations join pg_catalog.pg_index on indexrelid = relations.oid \
        union all select row(nspname, relname, polname, polcmd, polpermissive, polroles, polqual::text, \
            polwithcheck::text)::text from relations join pg_catalog.pg_policy on polrelid = relations.oid \
        union all select row(nspname, relname, tgname, tgfoid, tgtype, tgenabled, tgqual::text, tgargs)::text \
            from relations join pg_catalog.pg_trigger on tgrelid = relations.oid and not tgisinternal \
        union all select row(nspname, relname, ev_action::text)::text from relations \
            join pg_catalog.pg_rewrite on ev_class = relations.oid \
        union all select row(nspname, relname, objsubid, description)::text from relations \
            join pg_catalog.pg_description on objoid = relations.oid and classoid = 'pg_catalog.pg_class'::pg_catalog.regclass \
        union all select row(nspname, proname, proargtypes::text, prorettype, proowner, prolang, prosecdef, provolatile, \
            proleakproof, proconfig, prosrc, proacl::text)::text from pg_catalog.pg_proc join own on own.oid = pronamespace \
        union all select row(nspname, typname, typtype, (select pg_catalog.string_agg(enumlabel, ',' order by enumsortorder) \
            from pg_catalog.pg_enum where enumtypid = pg_type.oid))::text \
            from pg_catalog.pg_type join own on own.oid = typnamespace where typtype in ('e', 'd') \
    ) as lines";

/// The trace of the database's schema.
///
/// # Errors
/// When the server is gone.
pub(in crate::postgres) async fn trace(session: &mut Session) -> Result<String, SqlError> {
    Ok(session.rows(TRACE).await?.into_iter().flatten().flatten().next().unwrap_or_default())
}
