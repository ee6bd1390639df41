//! What to run and what came back, as data. Planning makes probes, execution turns them into outcomes, judging reads both.

mod outcome;
mod signal;
mod sql;

pub use outcome::{Outcome, Refusal, Rows};
pub use signal::{Needles, Signal};
pub use sql::{Act, Part, SqlProbe, Step, take_on};
