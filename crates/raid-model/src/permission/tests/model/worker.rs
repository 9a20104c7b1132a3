//! A worker that takes one step after the other, and can be interrupted between any two phases.

use super::super::super::*;
use super::world::{Record, Request, Row, World};

/// How far the worker has come.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    Idle,
    /// It read, and chose a step.
    Chosen(Row, PermissionStep),
    /// It wrote down what it is about to do with a question.
    Intended(Row, PermissionStep, u32),
    /// ORCID answered, and nothing is written yet.
    Answered(Row, Answer),
}

/// What was found, as far as something follows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    Nothing,
    Opened(u32),
    NotThere(u32),
    Archived(u32),
    AlreadyRead(u32),
    SeenArchived(u32),
    SeenRead(u32),
    SeenUnread(u32),
    Vanished(u32),
    Accepted,
    Refused,
    Withdrawn,
    Emptied,
    Is(Record),
    Revoked(u32),
    Idle(bool),
    Event(PermissionEvent),
}

impl Phase {
    pub(super) fn next(self, world: &mut World) -> Self {
        match self {
            Self::Idle => {
                let step = world.facts().next_step(&world.rules, world.now);
                Self::Chosen(world.row.clone(), step)
            }
            Self::Chosen(row, step) => Self::act(row, step, world),
            Self::Intended(row, step, id) => {
                let answer = act_on_question(step, id, world);
                Self::Answered(row, answer)
            }
            Self::Answered(row, answer) => {
                settle(world, &row, answer);
                Self::Idle
            }
        }
    }

    fn act(row: Row, step: PermissionStep, world: &mut World) -> Self {
        let current = world.current().map(|r| r.id);
        let answer = match step {
            PermissionStep::Rest | PermissionStep::Wait(_) => return Self::Idle,
            PermissionStep::Ask => return Self::begin_to_ask(row, step, world),
            PermissionStep::Withdraw(_)
            | PermissionStep::FindQuestion
            | PermissionStep::ReadQuestion => {
                let Some(id) = current else {
                    return Self::Answered(row, Answer::Nothing);
                };
                if let PermissionStep::Withdraw(reason) = step {
                    begin_to_withdraw(world.request(id), reason);
                }
                return Self::Intended(row, step, id);
            }
            PermissionStep::RevokeTokens => match world.spent.first().copied() {
                Some(token) => {
                    world.live.remove(&token);
                    Answer::Revoked(token)
                }
                None => Answer::Nothing,
            },
            PermissionStep::TryToken => try_token(world),
            PermissionStep::ConfirmRefusal(wait) => match world.record {
                Record::Active if wait.is_zero() => try_token(world),
                Record::Active => Answer::Nothing,
                closed => Answer::Is(closed),
            },
            PermissionStep::JudgeRefusal => judge(world),
            PermissionStep::LookAtRecord => Answer::Is(world.record),
            PermissionStep::NoteIdle(idle) => Answer::Idle(idle),
            PermissionStep::Apply(event) => Answer::Event(event),
        };
        Self::Answered(row, answer)
    }

    fn begin_to_ask(row: Row, step: PermissionStep, world: &mut World) -> Self {
        if world.projects.is_empty() {
            return Self::Idle;
        }
        let id = world.new_id();
        let request = Request {
            id,
            state: Some(QuestionState::Posting),
            asked_at: world.now,
            says: world.projects.clone(),
            read: false,
            counted: true,
            known: false,
        };
        world.requests.push(request);
        Self::Intended(row, step, id)
    }
}

fn begin_to_withdraw(request: &mut Request, reason: WithdrawReason) {
    if request.state == Some(QuestionState::Open) {
        request.state = Some(QuestionState::Withdrawing);
        request.counted = reason.counts();
    }
}

/// ORCID's part of a step that is about a question.
fn act_on_question(step: PermissionStep, id: u32, world: &mut World) -> Answer {
    if world.record != Record::Active {
        return Answer::Is(world.record);
    }
    let known = world.request(id).known;
    if step == PermissionStep::Ask {
        world.post(id);
        return Answer::Opened(id);
    }
    let note = world.inbox.iter_mut().find(|note| note.id == id);
    match (step, note) {
        (PermissionStep::FindQuestion, Some(_)) => Answer::Opened(id),
        (PermissionStep::FindQuestion, None) => Answer::NotThere(id),
        (PermissionStep::Withdraw(_), Some(note)) if known => {
            if note.read && !note.archived {
                Answer::AlreadyRead(id)
            } else {
                note.archived = true;
                Answer::Archived(id)
            }
        }
        (PermissionStep::Withdraw(_), _) => Answer::Archived(id),
        (_, None) => Answer::Vanished(id),
        (_, Some(note)) if note.archived => Answer::SeenArchived(id),
        (_, Some(note)) if note.read => Answer::SeenRead(id),
        (_, Some(_)) => Answer::SeenUnread(id),
    }
}

fn try_token(world: &World) -> Answer {
    let live = world.token.is_some_and(|token| world.live.contains(&token));
    if live && !world.trouble && world.record == Record::Active {
        Answer::Accepted
    } else {
        Answer::Refused
    }
}

fn judge(world: &World) -> Answer {
    match try_token(world) {
        Answer::Refused if world.trouble => Answer::Refused,
        Answer::Refused if world.record != Record::Active => Answer::Is(world.record),
        Answer::Refused => {
            let posted = world.requests.iter().any(|r| r.known);
            if posted && world.inbox.is_empty() {
                Answer::Emptied
            } else {
                Answer::Withdrawn
            }
        }
        answer => answer,
    }
}

/// Writes what was found, in one transaction. What is about the person is a compare-and-swap.
fn settle(world: &mut World, read: &Row, answer: Answer) {
    let same = world.row == *read;
    let asked = read.state == PermissionState::Asked;
    let apply = |world: &mut World, event| {
        if same {
            world.apply(event);
        }
    };
    match answer {
        Answer::Opened(id) => {
            let request = world.request(id);
            if request.state == Some(QuestionState::Posting) {
                (request.state, request.known) = (Some(QuestionState::Open), true);
            }
            if read.state == PermissionState::Unasked {
                apply(world, PermissionEvent::QuestionPosted);
            }
        }
        // The next run posts it again, if it is still to be posted.
        Answer::NotThere(id) => world.requests.retain(|r| r.id != id),
        Answer::Archived(id) => close(world, id, asked, same),
        Answer::AlreadyRead(id) => {
            let says = world.request(id).says.clone();
            let concerns_them = world.concerns_them(&says);
            let request = world.request(id);
            request.counted = true;
            if asked && concerns_them {
                (request.state, request.read) = (Some(QuestionState::Open), true);
                touch(world, same);
            } else {
                close(world, id, asked, same);
            }
        }
        Answer::SeenArchived(id) => {
            world.request(id).state = None;
            apply(world, PermissionEvent::QuestionArchived);
        }
        Answer::SeenRead(id) => {
            world.request(id).read = true;
            touch(world, same);
        }
        Answer::SeenUnread(id) => {
            if world.facts().unanswered >= world.rules.budget.requests {
                apply(world, PermissionEvent::NoAnswer);
            } else if same {
                begin_to_withdraw(world.request(id), WithdrawReason::Reminder);
            }
        }
        Answer::Vanished(id) => {
            world.request(id).state = None;
            apply(world, PermissionEvent::Record(RecordEvent::Emptied));
        }
        Answer::Accepted if read.state == PermissionState::Granted => touch(world, same),
        Answer::Accepted => apply(world, PermissionEvent::TokenAccepted),
        Answer::Refused if read.state == PermissionState::Granted => {
            apply(world, PermissionEvent::TokenRefused);
        }
        Answer::Refused => {
            if same {
                world.row.refusals += 1;
            }
            touch(world, same);
        }
        Answer::Withdrawn => apply(world, PermissionEvent::WithdrawalConfirmed),
        Answer::Emptied => apply(world, PermissionEvent::Record(RecordEvent::Emptied)),
        Answer::Is(record) => {
            let event = PermissionEvent::Record(match record {
                Record::Active => RecordEvent::Back,
                Record::Locked => RecordEvent::Locked,
                Record::Deactivated => RecordEvent::Deactivated,
            });
            if read.state.after(event).is_ok_and(|to| to != read.state) {
                apply(world, event);
            } else {
                touch(world, same);
            }
        }
        Answer::Revoked(token) => world.spent.retain(|spent| *spent != token),
        Answer::Idle(idle) if same => {
            world.row.idle_since = idle.then_some(world.now);
            world.row.version += 1;
        }
        Answer::Idle(_) | Answer::Nothing => {}
        // A project that came meanwhile does not change the person's row: it is looked for.
        Answer::Event(PermissionEvent::LastProjectGone) if !world.projects.is_empty() => {}
        Answer::Event(event) => apply(world, event),
    }
}

fn close(world: &mut World, id: u32, asked: bool, same: bool) {
    world.request(id).state = None;
    if asked && same {
        world.apply(PermissionEvent::QuestionWithdrawn);
    }
}

fn touch(world: &mut World, same: bool) {
    if same {
        world.row.looked_at = world.now;
        world.row.version += 1;
    }
}
