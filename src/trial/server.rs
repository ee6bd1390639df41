/// The server that a system was tried on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerTrial {
    /// Whether it is somebody's own, and not one that was started for the run: its settings are theirs then.
    pub lent: bool,
}
