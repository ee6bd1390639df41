//! What a person wrote in `seaworthy.toml`, read and validated.
//!
//! Every mistake is shown where it stands in the file, all of them at once; a misspelt key is told its nearest neighbour.

mod claim;
mod error;
mod load;
mod model;
mod read;
mod section;
#[cfg(test)]
mod tests;

pub use error::{Invalid, Problem, SettingsError};
pub use load::{FILE_NAME, blame, load, parse};
pub use model::{
    ClaimSettings, ClientCommand, DeleteAction, Environment, IdentitySettings, MembershipSettings, MigrationSettings,
    MonitoringSettings, ProjectSettings, RootSettings, SeedSettings, SupabaseSettings, SystemSettings, TableSettings,
    TenancySettings, WaiverSettings,
};
pub(crate) use section::nearest;
