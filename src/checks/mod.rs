//! The checks: a folder per family, a file per check. Each plans its probes from the catalog, the intent and the world, and
//! judges what came back. Both are pure functions.

#[macro_use]
mod example;

mod case;
mod cause;
pub mod fix;
pub mod indexes;
pub mod isolation;
pub mod judge;
pub mod migrations;
pub mod monitoring;
pub mod privileges;
mod registry;
pub mod rls;
pub mod scene;
pub mod schema;
pub mod seed;
pub mod statement;

pub use case::{Case, Finding, Judge};
pub use cause::trace;
pub use registry::{REGISTRY, every_check};
pub use scene::{Scene, Subject};

use crate::verdict::CheckInfo;

/// A check: what it is, which cases it makes of a subject.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// What is known about it without running it.
    pub info: CheckInfo,
    /// The cases that it has on a subject; none where the check is about something else.
    pub plan: fn(&Scene<'_>, &Subject<'_>) -> Vec<Case>,
}
