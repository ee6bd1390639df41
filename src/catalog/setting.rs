/// A setting of the server that operating it rests on: slow statements, statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name: `log_min_duration_statement`.
    pub name: String,
    /// Its value, as the server prints it.
    pub value: String,
    /// Where it is set.
    pub origin: SettingOrigin,
}

/// Where a [`Setting`] is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    /// On the server as a whole, or by default.
    Server,
    /// By `ALTER DATABASE … SET`.
    Database,
    /// By `ALTER ROLE … SET`, for this role.
    Role(String),
}
