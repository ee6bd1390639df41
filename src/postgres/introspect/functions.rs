use serde::Deserialize;

use super::IntrospectError;
use super::roles::{RawGrant, grants};
use super::types::{TypeUse, Types};
use crate::catalog::{Argument, ArgumentMode, Function, QualifiedName, Volatility};

/// A row of `functions.sql`.
#[derive(Deserialize)]
pub(super) struct RawFunction {
    oid: u32,
    schema: String,
    name: String,
    owner: String,
    argument_types: Option<Vec<TypeUse>>,
    argument_modes: Option<Vec<String>>,
    argument_names: Option<Vec<String>>,
    defaults: usize,
    returns: Option<String>,
    returns_set: bool,
    is_trigger: bool,
    kind: String,
    security_definer: bool,
    volatility: String,
    leakproof: bool,
    language: String,
    configuration: Option<Vec<String>>,
    source: String,
    definition: Option<String>,
    comment: Option<String>,
    grants: Option<Vec<RawGrant>>,
}

pub(super) fn build(raw: Vec<RawFunction>, types: &Types) -> Result<Vec<Function>, IntrospectError> {
    raw.into_iter().map(|raw| function(raw, types)).collect()
}

fn function(raw: RawFunction, types: &Types) -> Result<Function, IntrospectError> {
    let arguments = arguments(&raw, types)?;
    let taken: Vec<&str> = arguments
        .iter()
        .filter(|argument| takes_a_value(argument.mode))
        .map(|argument| argument.data_type.formatted.as_str())
        .collect();
    let (is_procedure, is_aggregate) = match raw.kind.as_str() {
        "f" => (false, false),
        "p" => (true, false),
        "a" | "w" => (false, true),
        other => return Err(IntrospectError::unknown("a function of kind", other)),
    };
    Ok(Function {
        oid: raw.oid,
        signature: format!("{}({})", raw.name, taken.join(", ")),
        name: QualifiedName::new(raw.schema, raw.name),
        owner: raw.owner,
        arguments,
        returns: raw.returns.unwrap_or_default(),
        returns_set: raw.returns_set,
        is_trigger: raw.is_trigger,
        is_procedure,
        is_aggregate,
        security_definer: raw.security_definer,
        volatility: Volatility::try_from(raw.volatility.as_str())?,
        leakproof: raw.leakproof,
        language: raw.language,
        configuration: raw.configuration.unwrap_or_default(),
        source: raw.source,
        definition: raw.definition,
        grants: grants(raw.grants)?,
        comment: raw.comment,
    })
}

fn arguments(raw: &RawFunction, types: &Types) -> Result<Vec<Argument>, IntrospectError> {
    let mut arguments = Vec::new();
    for (place, used) in raw.argument_types.iter().flatten().enumerate() {
        let mode = raw.argument_modes.as_ref().and_then(|modes| modes.get(place)).map_or("i", String::as_str);
        let name = raw.argument_names.as_ref().and_then(|names| names.get(place));
        arguments.push(Argument {
            name: name.filter(|name| !name.is_empty()).cloned(),
            data_type: types.resolve(used)?,
            mode: ArgumentMode::try_from(mode)?,
            has_default: false,
        });
    }
    // Defaults belong to the last of the arguments that take a value.
    let taking = arguments.iter_mut().rev().filter(|argument| takes_a_value(argument.mode));
    for argument in taking.take(raw.defaults) {
        argument.has_default = true;
    }
    Ok(arguments)
}

fn takes_a_value(mode: ArgumentMode) -> bool {
    matches!(mode, ArgumentMode::In | ArgumentMode::InOut | ArgumentMode::Variadic)
}

impl TryFrom<&str> for ArgumentMode {
    type Error = IntrospectError;

    /// Reads an element of `pg_proc.proargmodes`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "i" => Self::In,
            "o" => Self::Out,
            "b" => Self::InOut,
            "v" => Self::Variadic,
            "t" => Self::Table,
            other => return Err(IntrospectError::unknown("an argument of mode", other)),
        })
    }
}

impl TryFrom<&str> for Volatility {
    type Error = IntrospectError;

    /// Reads `pg_proc.provolatile`.
    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Ok(match text {
            "i" => Self::Immutable,
            "s" => Self::Stable,
            "v" => Self::Volatile,
            other => return Err(IntrospectError::unknown("a function of volatility", other)),
        })
    }
}
