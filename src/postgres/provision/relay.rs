use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Stands between clients and the embedded engine, which ends for good when a client goes away in the middle of an
/// answer: the relay takes the rest of the answer for it. It also gives the engine, which has no passwords, a socket
/// that only this account can reach, and serves its clients one after another, as the engine does.
#[derive(Debug)]
pub(super) struct Relay {
    socket: PathBuf,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    engine: PathBuf,
    stopping: AtomicBool,
    /// The connection to the engine that is in use.
    current: Mutex<Option<UnixStream>>,
}

impl Relay {
    /// Listens on a socket in this directory under the name that Postgres clients look for.
    pub(super) fn start(directory: &Path, engine: PathBuf) -> io::Result<Self> {
        let socket = directory.join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&socket)?;
        let state = Arc::new(State { engine, stopping: AtomicBool::new(false), current: Mutex::new(None) });
        let serving = Arc::clone(&state);
        let thread =
            thread::Builder::new().name("seaworthy-relay".to_owned()).spawn(move || serving.serve(&listener))?;
        Ok(Self { socket, state, thread: Some(thread) })
    }

    /// Ends the connection in use and takes no more.
    pub(super) fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.state.stopping.store(true, Ordering::SeqCst);
        // The thread waits for a client: this is the last one.
        let _woken = UnixStream::connect(&self.socket);
        if let Some(engine) = self.state.current().as_ref() {
            let _closed = engine.shutdown(Shutdown::Both);
        }
        let _ended = thread.join();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    fn current(&self) -> std::sync::MutexGuard<'_, Option<UnixStream>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, listener: &UnixListener) {
        while let Ok((client, _)) = listener.accept() {
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            // A connection that cannot be made, or breaks, ends at the client as a lost one.
            let _broken = self.connect(client);
            *self.current() = None;
        }
    }

    fn connect(&self, client: UnixStream) -> io::Result<()> {
        let engine = UnixStream::connect(&self.engine)?;
        *self.current() = Some(engine.try_clone()?);
        if self.stopping.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (mut from_client, mut to_engine) = (client.try_clone()?, engine.try_clone()?);
        let asking = thread::Builder::new().name("seaworthy-relay-in".to_owned()).spawn(move || {
            let _gone = io::copy(&mut from_client, &mut to_engine);
            // A clean end, whatever the client's was.
            let _closed = to_engine.shutdown(Shutdown::Write);
        })?;
        answer(engine, client);
        let _ended = asking.join();
        Ok(())
    }
}

/// Passes on what the engine says, to its last word, whether or not the client still listens.
fn answer(mut engine: UnixStream, mut client: UnixStream) {
    let mut buffer = vec![0; 64 * 1024];
    let mut listening = true;
    while let Ok(length) = engine.read(&mut buffer) {
        let Some(answer) = buffer.get(..length).filter(|answer| !answer.is_empty()) else { break };
        listening = listening && client.write_all(answer).is_ok();
    }
    // Wakes the thread that reads from the client.
    let _closed = client.shutdown(Shutdown::Both);
}
