use std::future::Future;
use std::pin::pin;

use tokio::sync::mpsc;

use super::Interrupter;

/// Somebody wants this process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// What the process exits with: 128 and the number of the signal.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// The signals that this process gets from now on.
///
/// # Errors
/// When the system lets nobody listen.
#[cfg(unix)]
pub fn signals() -> std::io::Result<mpsc::UnboundedReceiver<Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            let got = tokio::select! {
                got = interrupts.recv() => got.map(|()| Signal::Interrupt),
                got = terminations.recv() => got.map(|()| Signal::Terminate),
            };
            if got.is_none_or(|signal| sender.send(signal).is_err()) {
                return;
            }
        }
    });
    Ok(receiver)
}

/// The signals that this process gets from now on.
///
/// # Errors
/// None here; elsewhere the system may let nobody listen.
#[cfg(not(unix))]
pub fn signals() -> std::io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(
        async move { while tokio::signal::ctrl_c().await.is_ok() && sender.send(Signal::Interrupt).is_ok() {} },
    );
    Ok(receiver)
}

/// Does the work. The first signal asks it to stop, and waits until it has cleaned up; the second drops it.
///
/// # Errors
/// The first signal, if there was one.
pub async fn supervise<Output>(
    work: impl Future<Output = Output>,
    interrupter: &Interrupter,
    signals: &mut mpsc::UnboundedReceiver<Signal>,
    mut told: impl FnMut(Signal),
) -> Result<Output, Signal> {
    let mut work = pin!(work);
    let first = tokio::select! {
        output = &mut work => return Ok(output),
        signal = next(signals) => signal,
    };
    told(first);
    interrupter.raise();
    tokio::select! {
        _stopped = &mut work => {}
        _impatient = next(signals) => {}
    }
    Err(first)
}

async fn next(signals: &mut mpsc::UnboundedReceiver<Signal>) -> Signal {
    match signals.recv().await {
        Some(signal) => signal,
        // Nobody sends any more: no signal will come.
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::interrupt;

    #[tokio::test]
    async fn the_first_signal_lets_the_work_clean_up() {
        let (interrupter, interrupt) = interrupt();
        let (sender, mut signals) = mpsc::unbounded_channel();
        let mut cleaned = false;
        let work = async {
            let left = interrupt.guard(std::future::pending::<()>()).await;
            tokio::task::yield_now().await;
            cleaned = left.is_err();
        };
        assert!(sender.send(Signal::Terminate).is_ok());
        let ended = supervise(work, &interrupter, &mut signals, |_| {}).await;
        assert_eq!(ended, Err(Signal::Terminate));
        assert!(cleaned);
    }

    #[tokio::test]
    async fn the_second_signal_waits_for_nothing() {
        let (interrupter, _interrupt) = interrupt();
        let (sender, mut signals) = mpsc::unbounded_channel();
        assert!(sender.send(Signal::Interrupt).is_ok() && sender.send(Signal::Interrupt).is_ok());
        let ended = supervise(std::future::pending::<()>(), &interrupter, &mut signals, |_| {}).await;
        assert_eq!(ended.map_err(Signal::exit_code), Err(130));
    }

    #[tokio::test]
    async fn without_a_signal_the_work_is_done() {
        let (interrupter, _interrupt) = interrupt();
        let (sender, mut signals) = mpsc::unbounded_channel();
        drop(sender);
        assert_eq!(supervise(async { 7 }, &interrupter, &mut signals, |_| {}).await, Ok(7));
    }
}
