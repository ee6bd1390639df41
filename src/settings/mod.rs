//! What a person wrote in `seaworthy.toml`, read and validated.

mod model;

pub use model::{
    ClientCommand, Environment, IdentitySettings, MembershipSettings, ProjectSettings, RootSettings, SupabaseSettings,
    SystemSettings, TableSettings, TenancySettings, WaiverSettings,
};
