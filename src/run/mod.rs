//! A run from a folder to a record: what is asked for, and the seam at which the pipeline is driven.

mod interrupt;
mod request;
mod signal;
mod target;

pub use interrupt::{Interrupt, Interrupted, Interrupter, interrupt};
pub use request::{
    CheckRequest, DEFAULT_SEED, InitRequest, Only, Pipeline, PlannedCheck, Selection, ServerRequest, Subject, SystemRun,
};
pub use signal::{Signal, signals, supervise};
pub use target::{Target, TargetError, find_targets};
