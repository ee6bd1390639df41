use std::future::Future;

use tokio::sync::watch;

/// Told that the run is to end early: whoever holds it stops its work, cleans up and returns.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

/// Ends a run early.
#[derive(Debug)]
pub struct Interrupter(watch::Sender<bool>);

/// The work was left where it was, since somebody asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Both ends. Without an [`Interrupter`] nothing is ever interrupted.
#[must_use]
pub fn interrupt() -> (Interrupter, Interrupt) {
    let (sender, receiver) = watch::channel(false);
    (Interrupter(sender), Interrupt(receiver))
}

impl Interrupter {
    /// Asks to stop.
    pub fn raise(&self) {
        // Nobody listening means that nothing runs any more.
        let _nobody_listens = self.0.send(true);
    }
}

impl Interrupt {
    /// Whether somebody asked to stop.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks to stop.
    pub async fn raised(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|raised| *raised).await.is_err() {
            // The other end is gone: it will never be raised.
            std::future::pending::<()>().await;
        }
    }

    /// Does the work, or leaves it (drops the future) as soon as somebody asks to stop. What has to be cleaned up is
    /// cleaned up by the caller, after this returns.
    ///
    /// # Errors
    /// When somebody asked to stop before the work was done.
    pub async fn guard<Work: Future>(&self, work: Work) -> Result<Work::Output, Interrupted> {
        tokio::select! {
            biased;
            () = self.raised() => Err(Interrupted),
            output = work => Ok(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_left_when_somebody_asks_to_stop() {
        let (interrupter, interrupt) = interrupt();
        assert_eq!(interrupt.guard(async { 1 }).await, Ok(1));
        interrupter.raise();
        assert!(interrupt.is_raised());
        assert_eq!(interrupt.guard(std::future::pending::<()>()).await, Err(Interrupted));
    }

    #[tokio::test]
    async fn without_the_other_end_work_is_done() {
        let (interrupter, interrupt) = interrupt();
        drop(interrupter);
        assert_eq!(interrupt.guard(tokio::task::yield_now()).await, Ok(()));
    }
}
