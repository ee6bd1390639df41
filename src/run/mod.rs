//! A run from a folder to a record: what is asked for, and the pipeline with a function per stage.

mod claims;
mod error;
mod harness;
mod interrupt;
mod prepare;
mod probing;
mod record;
mod rehearsal;
mod request;
mod signal;
mod sources;
mod target;
mod trials;

pub use error::RunError;
pub use harness::Harness;
pub use interrupt::{Interrupt, Interrupted, Interrupter, interrupt};
pub use request::{
    CheckRequest, DEFAULT_SEED, InitRequest, Only, Pipeline, PlannedCheck, Selection, ServerRequest, Subject,
    SystemPlan, SystemRun,
};
pub use signal::{Signal, signals, supervise};
pub use target::{Target, TargetError, find_targets};
