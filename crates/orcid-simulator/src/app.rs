//! The state shared by both hosts, behind one lock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::counters::{CallKind, Counters};
use crate::faults::Faults;
use crate::membership::Organizations;
use crate::settings::{Clock, Settings};
use crate::state_file::StateFile;
use crate::world::World;

/// The last so many request bodies are kept for the operator.
const KEPT_MESSAGES: usize = 2_000;

/// What both hosts work on.
pub(crate) struct App {
    state: Arc<Mutex<State>>,
    clock: Clock,
    /// The settings of this start, for a reset.
    pub(crate) settings: Settings,
    /// Addresses without a slash at the end.
    pub(crate) web_url: String,
    pub(crate) api_url: String,
    pub(crate) organizations: Organizations,
    state_file: Option<StateFile>,
}

/// What the lock protects.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) counters: Counters,
    pub(crate) faults: Faults,
    messages: VecDeque<Message>,
}

/// A request body as it came.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) kind: CallKind,
    pub(crate) path: String,
    pub(crate) body: String,
}

impl App {
    /// Takes the state from the state file when there is one.
    pub(crate) fn new(
        settings: Settings,
        web_url: String,
        api_url: String,
    ) -> std::io::Result<Self> {
        let now = (settings.clock)();
        let kept = match &settings.state_file {
            Some(path) => StateFile::read(path)?,
            None => None,
        };
        let world = match kept {
            Some(mut world) => {
                world.adopt(&settings, now);
                world
            }
            None => World::new(&settings, now),
        };
        let state = Arc::new(Mutex::new(State {
            world,
            counters: Counters::default(),
            faults: Faults::default(),
            messages: VecDeque::new(),
        }));
        let own = Arc::clone(&state);
        let snapshot = move || serde_json::to_vec(&locked(&own).world);
        let state_file = settings.state_file.clone();
        let state_file = state_file
            .map(|p| StateFile::start(p, Box::new(snapshot)))
            .transpose()?;
        Ok(Self {
            state,
            clock: settings.clock.clone(),
            organizations: Organizations {
                unknown: settings.unknown_organizations.clone(),
            },
            settings,
            web_url,
            api_url,
            state_file,
        })
    }

    /// Locks the state. A panic of another request does not make it unusable.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// The time, with the operator's offset.
    pub(crate) fn now(&self, world: &World) -> OffsetDateTime {
        let now = (self.clock)();
        now.checked_add(Duration::seconds(world.clock_offset))
            .unwrap_or(now)
    }

    /// How long a new authorization code can be exchanged.
    pub(crate) fn code_lifetime(&self) -> StdDuration {
        self.settings.code_lifetime
    }

    /// The number of changes so far.
    pub(crate) fn changes(&self) -> u64 {
        self.state_file.as_ref().map_or(0, StateFile::changes)
    }

    /// Waits until so many changes are in the state file, if there is one.
    pub(crate) async fn written(&self, changes: u64) {
        if let Some(file) = &self.state_file {
            file.written(changes).await;
        }
    }

    /// The state has changed: no answer is given before it is in the state file.
    pub(crate) fn changed(&self) {
        if let Some(file) = &self.state_file {
            file.changed();
        }
    }

    /// Writes the state file a last time.
    pub(crate) fn close(&self) {
        if let Some(file) = &self.state_file {
            file.close();
        }
    }

    /// Starts anew as if the state file had never been.
    pub(crate) fn reset(&self) {
        let mut state = self.lock();
        state.world = World::new(&self.settings, (self.clock)());
        state.counters.reset();
        state.faults.clear();
        state.messages.clear();
        drop(state);
        self.changed();
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Keeps a body for the operator.
    pub(crate) fn keep_message(&mut self, kind: CallKind, path: &str, body: &[u8]) {
        if self.messages.len() >= KEPT_MESSAGES {
            self.messages.pop_front();
        }
        let body = String::from_utf8_lossy(body).into_owned();
        self.messages.push_back(Message {
            kind,
            path: path.to_owned(),
            body,
        });
    }

    /// The kept bodies, oldest first.
    pub(crate) fn messages(&self) -> &VecDeque<Message> {
        &self.messages
    }
}
