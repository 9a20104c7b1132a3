//! The state file: written whole to a temporary file, then renamed, by one thread.
//!
//! A change only sets a mark; the thread writes at most a few times a second, however many changes
//! there are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::world::World;

/// Changes within this time become one write.
const COALESCE: Duration = Duration::from_millis(200);

/// Gives the state as it is to be written.
type Snapshot = dyn Fn() -> serde_json::Result<Vec<u8>> + Send + Sync;

/// A state file and the thread that writes it.
pub(crate) struct StateFile {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    path: PathBuf,
    snapshot: Box<Snapshot>,
    pending: Mutex<Pending>,
    wake: Condvar,
}

#[derive(Default)]
struct Pending {
    changed: bool,
    closed: bool,
}

impl StateFile {
    /// The state on disk, if any.
    pub(crate) fn read(path: &Path) -> io::Result<Option<World>> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(io::Error::other),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Starts the writing thread.
    pub(crate) fn start(path: PathBuf, snapshot: Box<Snapshot>) -> io::Result<Self> {
        let pending = Mutex::default();
        let shared = Arc::new(Shared {
            path,
            snapshot,
            pending,
            wake: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("orcid-simulator-state".to_owned())
            .spawn(move || own.write_until_closed())?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The state differs from the file.
    pub(crate) fn changed(&self) {
        self.shared.lock().changed = true;
        self.shared.wake.notify_one();
    }

    /// Writes what is not written yet and ends the thread.
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
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_until_closed(&self) {
        loop {
            let mut pending = self.lock();
            while !pending.changed && !pending.closed {
                pending = self
                    .wake
                    .wait(pending)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let closed = pending.closed;
            let changed = std::mem::take(&mut pending.changed);
            drop(pending);
            if changed && let Err(error) = self.write() {
                tracing::error!(%error, "the simulator's state was not written");
            }
            if closed {
                return;
            }
            // Changes that arrive meanwhile are collected; a close ends the wait.
            let pause = self
                .wake
                .wait_timeout_while(self.lock(), COALESCE, |p| !p.closed);
            drop(pause.unwrap_or_else(PoisonError::into_inner));
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
