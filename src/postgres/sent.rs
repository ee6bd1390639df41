use std::sync::OnceLock;

/// What a session sent to its server in one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent<'a> {
    /// Tells the sessions of this process apart.
    pub session: u64,
    /// The database that it is connected to.
    pub database: &'a str,
    /// One or more statements.
    pub sql: &'a str,
    /// For `COPY … FROM STDIN`: the rows.
    pub data: Option<&'a [u8]>,
}

type Listener = Box<dyn Fn(Sent<'_>) + Send + Sync>;

// One for the process and not handed through: a run opens sessions in many places. (Not `tracing`: a dependency of the
// embedded engine compiles all its events out.)
static LISTENER: OnceLock<Listener> = OnceLock::new();

/// Has everything told that sessions of this process send from now on, so that it can be replayed. Returns whether it will
/// be: there is one listener at most.
pub fn listen(listener: impl Fn(Sent<'_>) + Send + Sync + 'static) -> bool {
    LISTENER.set(Box::new(listener)).is_ok()
}

pub(super) fn tell(sent: Sent<'_>) {
    if let Some(listener) = LISTENER.get() {
        listener(sent);
    }
}
