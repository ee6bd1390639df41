use super::{DataType, Grant, QualifiedName};

/// A function or procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its object id in the introspected database.
    pub oid: u32,
    /// Its name; overloads share it.
    pub name: QualifiedName,
    /// `name(argument types)`, which tells overloads apart.
    pub signature: String,
    /// The role that owns it.
    pub owner: String,
    /// Its arguments, in order.
    pub arguments: Vec<Argument>,
    /// What it returns, as `pg_get_function_result` prints it.
    pub returns: String,
    /// It returns a set.
    pub returns_set: bool,
    /// Its return type is `trigger` or `event_trigger`: not callable.
    pub is_trigger: bool,
    /// It is a procedure: `CALL`, not `SELECT`.
    pub is_procedure: bool,
    /// It is an aggregate or window function: not probed.
    pub is_aggregate: bool,
    /// `SECURITY DEFINER`.
    pub security_definer: bool,
    /// How it may change what it returns.
    pub volatility: Volatility,
    /// `LEAKPROOF`.
    pub leakproof: bool,
    /// The language's name.
    pub language: String,
    /// `SET` clauses, as `name=value`.
    pub configuration: Vec<String>,
    /// The body.
    pub source: String,
    /// As `pg_get_functiondef` prints it; `None` for an aggregate.
    pub definition: Option<String>,
    /// EXECUTE as granted, expanded from `proacl` or its default.
    pub grants: Vec<Grant>,
    /// `COMMENT ON FUNCTION`.
    pub comment: Option<String>,
}

/// An argument of a [`Function`].
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub data_type: DataType,
    /// Which way it goes.
    pub mode: ArgumentMode,
    /// A call may leave it out.
    pub has_default: bool,
}

/// Which way an argument goes (`pg_proc.proargmodes`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentMode {
    /// IN.
    In,
    /// OUT.
    Out,
    /// INOUT.
    InOut,
    /// VARIADIC.
    Variadic,
    /// A column of `RETURNS TABLE`.
    Table,
}

/// `pg_proc.provolatile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volatility {
    /// IMMUTABLE.
    Immutable,
    /// STABLE.
    Stable,
    /// VOLATILE.
    Volatile,
}

/// A trigger on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The function it calls.
    pub function: QualifiedName,
    /// False where it is disabled.
    pub enabled: bool,
    /// It fires on INSERT.
    pub on_insert: bool,
    /// It fires on UPDATE.
    pub on_update: bool,
    /// It fires on DELETE.
    pub on_delete: bool,
    /// FOR EACH ROW.
    pub for_each_row: bool,
    /// BEFORE (or INSTEAD OF), not AFTER.
    pub before: bool,
    /// As `pg_get_triggerdef` prints it.
    pub definition: String,
}
