//! Taking turns within a lane.
//!
//! A lane is worked off in the order of `due_at`, so a due time is also a place in the line. Two
//! rules keep whoever has many tasks from holding up the others:
//!
//! * Many tasks set by one call (a RAiD with thousands of contributors, a person who grants and has
//!   hundreds of RAiDs) get due times [`STEP`] apart. Tasks set by others meanwhile get in between.
//! * When a task is claimed, the subject's other tasks that are due move behind it in steps of
//!   [`STEP`]: each task that others have due by now goes before the subject's second one. This
//!   covers tasks of one person that came from many calls (an import).
//!
//! It costs no throughput: ORCID permits 24 calls a second, less than one a [`STEP`]. A counter of
//! turns for each subject would be more exact, but one more row to write and to lock for each task.

use super::NewTask;
use time::Duration;

/// The time between two tasks that are spread out.
pub(super) const STEP: Duration = Duration::milliseconds(40);
/// So many tasks of one call are due at once: people with a few projects see all of them together.
const AT_ONCE: usize = 8;

/// How much later than asked for the `n`th task of one call is due, counted from 0.
pub(super) fn offset(n: usize) -> Duration {
    steps(n.saturating_sub(AT_ONCE - 1))
}

/// So many steps.
pub(super) fn steps(n: usize) -> Duration {
    STEP * i32::try_from(n).unwrap_or(i32::MAX)
}

/// Tasks as [`super::enqueue`] would set them in one call.
pub(crate) fn staggered(tasks: impl Iterator<Item = NewTask>) -> impl Iterator<Item = NewTask> {
    tasks.enumerate().map(|(n, task)| NewTask {
        due_at: task.due_at + offset(n),
        ..task
    })
}
