//! The state file: written whole to a temporary file, then renamed, by one thread.
//!
//! Whoever changed something waits until it is written before answering, so that no answer is
//! forgotten, however the process ends. Changes that arrive during a write share the next one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

use crate::world::World;

/// Gives the state as it is to be written.
type Snapshot = dyn Fn() -> serde_json::Result<Vec<u8>> + Send + Sync;

/// A state file and the thread that writes it.
pub(crate) struct StateFile {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Locked while this process uses the state file.
    lock: Mutex<Option<File>>,
}

struct Shared {
    path: PathBuf,
    snapshot: Box<Snapshot>,
    pending: Mutex<Pending>,
    wake: Condvar,
    /// The number of changes that are written.
    written: watch::Sender<u64>,
}

#[derive(Default)]
struct Pending {
    /// The number of changes so far.
    changes: u64,
    closed: bool,
}

impl StateFile {
    /// The state on disk, if any.
    pub(crate) fn read(path: &Path) -> io::Result<Option<World>> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|e| io::Error::other(format!("{e}; move it away to start anew"))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Takes the state file for this process and starts the writing thread.
    pub(crate) fn start(path: PathBuf, snapshot: Box<Snapshot>) -> io::Result<Self> {
        let lock = take(&path)?;
        let shared = Arc::new(Shared {
            path,
            snapshot,
            pending: Mutex::default(),
            wake: Condvar::new(),
            written: watch::Sender::new(0),
        });
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("orcid-simulator-state".to_owned())
            .spawn(move || own.write_until_closed())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
            lock: Mutex::new(Some(lock)),
        })
    }

    /// The state differs from the file.
    pub(crate) fn changed(&self) {
        self.shared.lock().changes += 1;
        self.shared.wake.notify_one();
    }

    /// The number of changes so far.
    pub(crate) fn changes(&self) -> u64 {
        self.shared.lock().changes
    }

    /// Waits until so many changes are written.
    pub(crate) async fn written(&self, changes: u64) {
        let mut written = self.shared.written.subscribe();
        // It fails when the file is closed, and then all is written.
        drop(written.wait_for(|written| *written >= changes).await);
    }

    /// Writes what is not written yet, ends the thread, and gives the state file free.
    pub(crate) fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|t| t.join().is_err()) {
            tracing::error!("the thread that writes the simulator's state panicked");
        }
        let lock = self
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(lock);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_until_closed(&self) {
        let mut written = 0;
        loop {
            let waiting = self
                .wake
                .wait_while(self.lock(), |p| p.changes == written && !p.closed);
            let pending = waiting.unwrap_or_else(PoisonError::into_inner);
            let (changes, closed) = (pending.changes, pending.closed);
            drop(pending);
            if changes > written
                && let Err(error) = self.write()
            {
                tracing::error!(%error, "the simulator's state was not written");
            }
            // Also where it failed: a full disk is told, and does not stop the simulator.
            written = changes;
            self.written.send_replace(written);
            if closed {
                return;
            }
        }
    }

    fn write(&self) -> io::Result<()> {
        write(&self.path, &(self.snapshot)()?)
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut file = create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// Two processes would overwrite each other's state.
fn take(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = create(Path::new(&name))?;
    lock.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => io::Error::other(format!(
            "another process uses {}: end it, or give this one another folder",
            path.display()
        )),
        TryLockError::Error(e) => e,
    })?;
    Ok(lock)
}

/// The file holds tokens, so only its owner may read it.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}
