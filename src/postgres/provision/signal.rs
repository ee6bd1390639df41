use std::fmt;

use tokio::signal::unix::{SignalKind, signal};

/// Why a run was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal went away.
    Hangup,
}

impl Interruption {
    /// The exit code that shells expect.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Hangup => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

impl fmt::Display for Interruption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Interrupt => "interrupted (SIGINT)",
            Self::Terminate => "told to end (SIGTERM)",
            Self::Hangup => "the terminal went away (SIGHUP)",
        })
    }
}

/// Waits for the first signal to end. From the first poll on, such signals no longer kill the process: whoever waits
/// stops the run and calls [`super::Server::stop`]; another Ctrl-C meanwhile changes nothing.
pub async fn interrupted() -> Interruption {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        // Without handlers the process dies by the signal, and the watchdogs clean up.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Interruption::Interrupt,
        _ = terminate.recv() => Interruption::Terminate,
        _ = hangup.recv() => Interruption::Hangup,
    }
}
