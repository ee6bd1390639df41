//! What a run concludes: check identities, severities, results, and the record that every report is rendered from.

mod check;
mod event;
mod record;
mod waiver;

pub use check::{CheckInfo, Column, Example, ExampleFile, Family, Severity};
pub use event::Event;
pub use record::{
    CellStatus, CheckRecord, CheckResult, Evidence, ObjectKind, ObjectRef, PostgresRecord, ReleaseLine, RunInfo,
    RunRecord, RunVerdict, SCHEMA_VERSION, Source, Status, fingerprint,
};
pub use waiver::{AppliedWaiver, Waiver, WaiverProblem, apply_waivers};
