//! What is kept, what ORCID holds, and what the person means.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use time::macros::datetime;
use time::{Duration as Span, PrimitiveDateTime};

use super::super::super::*;
use super::Happening;

/// Our row of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) state: PermissionState,
    pub(super) version: u32,
    since: PrimitiveDateTime,
    pub(super) looked_at: PrimitiveDateTime,
    pub(super) refusals: usize,
    answered_for: Option<BTreeSet<u8>>,
    pub(super) idle_since: Option<PrimitiveDateTime>,
    /// Whether the question was closed without a sign-in.
    closed: bool,
}

/// Our row of a question; without a state it is closed.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) id: u32,
    pub(super) state: Option<QuestionState>,
    pub(super) asked_at: PrimitiveDateTime,
    pub(super) says: BTreeMap<u8, u32>,
    pub(super) read: bool,
    pub(super) counted: bool,
    /// Whether ORCID's number of it is known.
    pub(super) known: bool,
}

/// A notification in the inbox.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) id: u32,
    says: BTreeMap<u8, u32>,
    pub(super) read: bool,
    pub(super) archived: bool,
}

/// A record at ORCID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    Active,
    Locked,
    Deactivated,
}

/// Everything.
#[derive(Debug)]
pub(super) struct World {
    pub(super) now: PrimitiveDateTime,
    pub(super) rules: PermissionRules,
    pub(super) row: Row,
    pub(super) requests: Vec<Request>,
    pub(super) token: Option<u32>,
    pub(super) spent: Vec<u32>,
    /// Projects with the versions of their titles.
    pub(super) projects: BTreeMap<u8, u32>,
    pub(super) inbox: Vec<Note>,
    pub(super) live: BTreeSet<u32>,
    pub(super) record: Record,
    pub(super) trouble: bool,
    /// Whether the person's last word was yes, and nothing ended it since.
    wants: bool,
    next_id: u32,
}

impl World {
    pub(super) fn new() -> Self {
        let now = datetime!(2026-01-01 00:00);
        let hours = Duration::from_hours;
        Self {
            now,
            rules: PermissionRules {
                remind_after: hours(14 * 24),
                budget: ContactBudget {
                    requests: 3,
                    window: hours(60 * 24),
                },
                ask_delay: Duration::ZERO,
                confirm_after: vec![hours(1), hours(6)],
                breaker_window: hours(1),
                retry_revoked_after: vec![hours(24), hours(7 * 24)],
                probe_every: hours(7 * 24),
                recheck_after: hours(7 * 24),
                forget_after: hours(24),
            },
            row: Row {
                state: PermissionState::Unasked,
                version: 0,
                since: now,
                looked_at: now,
                refusals: 0,
                answered_for: None,
                idle_since: None,
                closed: false,
            },
            requests: Vec::new(),
            token: None,
            spent: Vec::new(),
            projects: BTreeMap::new(),
            inbox: Vec::new(),
            live: BTreeSet::new(),
            record: Record::Active,
            trouble: false,
            wants: false,
            next_id: 0,
        }
    }

    pub(super) fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Hours(hours) => self.now += Span::hours(hours.into()),
            Happening::Writes(number) => *self.projects.entry(number).or_default() += 1,
            Happening::Removes(number) => drop(self.projects.remove(&number)),
            Happening::Trouble(on) => self.trouble = on,
            Happening::Locks if self.record == Record::Active => self.record = Record::Locked,
            Happening::Deactivates if self.record == Record::Active => {
                self.record = Record::Deactivated;
                self.inbox.clear();
                self.live.clear();
                self.wants = false;
            }
            Happening::Reopens => self.record = Record::Active,
            // Whoever was asked once has a link.
            Happening::Closes if !self.requests.is_empty() => {
                self.apply(PermissionEvent::RequestClosed);
            }
            answer if self.record == Record::Active => self.answers(answer),
            _ => {}
        }
    }

    /// The person does something at ORCID; they can only answer what they were asked.
    fn answers(&mut self, answer: Happening) {
        let asked = !self.inbox.is_empty();
        let unarchived = self.inbox.iter_mut().find(|note| !note.archived);
        match (answer, unarchived) {
            (Happening::Grants, _) if asked && !self.projects.is_empty() => {
                let token = self.new_id();
                self.live.insert(token);
                self.spent.extend(self.token.take());
                self.token = Some(token);
                self.apply(PermissionEvent::Granted);
                self.wants = true;
            }
            (Happening::Denies, _) if asked => {
                let after = self.row.state.after(PermissionEvent::Denied).unwrap();
                if after != self.row.state {
                    self.apply(PermissionEvent::Denied);
                    self.wants = false;
                }
            }
            (Happening::Archives, Some(note)) => (note.archived, note.read) = (true, true),
            (Happening::Reads, Some(note)) => note.read = true,
            (Happening::Revokes, _) => {
                self.live.clear();
                self.wants = false;
            }
            _ => {}
        }
    }

    pub(super) fn new_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    /// A transition, as the store applies it.
    pub(super) fn apply(&mut self, event: PermissionEvent) {
        let from = self.row.state;
        let to = from.after(event).unwrap();
        // Without projects the permission ends: a later project is asked for.
        self.wants &= event != PermissionEvent::LastProjectGone;
        if event == PermissionEvent::TokenGivenUp || !to.keeps_token() {
            self.spent.extend(self.token.take());
        }
        let inbox_gone = RecordEvent::Deactivated;
        if [inbox_gone, RecordEvent::Emptied]
            .map(PermissionEvent::Record)
            .contains(&event)
        {
            self.requests.iter_mut().for_each(|r| r.state = None);
        }
        let settles = [PermissionEvent::Granted, PermissionEvent::TokenAccepted].contains(&event);
        let ignored = to == PermissionState::Ignored;
        let closed = ignored && event == PermissionEvent::RequestClosed;
        if from != to {
            self.row.since = self.now;
        }
        if from != to || closed {
            self.row.answered_for = ignored.then(|| self.numbers());
            self.row.closed = closed;
        }
        if from != to || settles {
            self.row.refusals = 0;
        }
        self.row.state = to;
        self.row.looked_at = self.now;
        self.row.idle_since = None;
        self.row.version += 1;
    }

    pub(super) fn numbers(&self) -> BTreeSet<u8> {
        self.projects.keys().copied().collect()
    }

    /// Whether all that a question says is true now.
    fn is_true(&self, says: &BTreeMap<u8, u32>) -> bool {
        let true_of = |(number, version): (&u8, &u32)| self.projects.get(number) == Some(version);
        says.iter().all(true_of)
    }

    /// Whether one of the projects that a question names is still theirs.
    pub(super) fn concerns_them(&self, says: &BTreeMap<u8, u32>) -> bool {
        says.keys().any(|number| self.projects.contains_key(number))
    }

    pub(super) fn post(&mut self, id: u32) {
        let says = self.request(id).says.clone();
        self.inbox.push(Note {
            id,
            says,
            read: false,
            archived: false,
        });
    }

    pub(super) fn current(&self) -> Option<&Request> {
        self.requests.iter().rev().find(|r| r.state.is_some())
    }

    pub(super) fn request(&mut self, id: u32) -> &mut Request {
        self.requests.iter_mut().find(|r| r.id == id).unwrap()
    }

    fn in_window(&self) -> impl Iterator<Item = &Request> {
        self.within(self.rules.budget.window)
    }

    fn within(&self, window: Duration) -> impl Iterator<Item = &Request> {
        let since = self.now - Span::try_from(window).unwrap();
        self.requests.iter().filter(move |r| r.asked_at >= since)
    }

    pub(super) fn facts(&self) -> PermissionFacts {
        let count = |n: usize| u32::try_from(n).unwrap();
        let numbers = self.numbers();
        PermissionFacts {
            state: self.row.state,
            since: self.row.since,
            looked_at: self.row.looked_at,
            refusals: self.row.refusals,
            holds_token: self.token.is_some(),
            spent_tokens: !self.spent.is_empty(),
            question: self.current().and_then(|request| {
                Some(Question {
                    state: request.state?,
                    asked_at: request.asked_at,
                    is_true: self.is_true(&request.says),
                    read: request.read,
                    concerns_them: self.concerns_them(&request.says),
                })
            }),
            asked: count(self.in_window().filter(|r| r.counted).count()),
            unanswered: count(
                self.within(self.rules.silence_window())
                    .filter(|r| r.counted)
                    .count(),
            ),
            posted: count(self.in_window().count()),
            something_to_ask: !self.projects.is_empty(),
            contributes: !self.projects.is_empty(),
            entries: false,
            closed: self.row.closed,
            answer_outdated: self.row.answered_for.as_ref().is_some_and(|about| {
                about.is_disjoint(&numbers) || (self.row.closed && !numbers.is_subset(about))
            }),
            idle_since: self.row.idle_since,
        }
    }

    /// What holds at every moment.
    pub(super) fn check_always(&self) {
        let unread = self.inbox.iter().filter(|n| !n.archived && !n.read).count();
        assert!(unread <= 1, "two unread questions in the inbox: {self:#?}");
        let counted = self.in_window().filter(|r| r.counted).count();
        assert!(counted <= 3, "asked too often: {self:#?}");
        assert!(
            self.token.is_none() || self.row.state.keeps_token(),
            "a token that nobody uses: {self:#?}"
        );
    }

    /// What holds when nothing happens any more.
    pub(super) fn check_at_rest(&self) {
        let state = self.row.state;
        let live = self.token.is_some_and(|token| self.live.contains(&token));
        let granted = state == PermissionState::Granted && live;
        if self.wants && !self.projects.is_empty() {
            assert!(granted, "a given consent is lost: {self:#?}");
        }
        assert!(
            self.wants || !granted,
            "consent that nobody gave: {self:#?}"
        );
        assert!(self.spent.is_empty(), "a token is left at ORCID: {self:#?}");
        if self.projects.is_empty() {
            assert!(self.token.is_none(), "a token for nothing: {self:#?}");
        }
        if let Some(note) = self.inbox.iter().find(|n| !n.archived && !n.read) {
            // One that stays after the last reminder names a project of theirs.
            let true_now = match state {
                PermissionState::Asked => self.is_true(&note.says),
                PermissionState::Ignored => !self.row.closed && self.concerns_them(&note.says),
                _ => false,
            };
            assert!(true_now, "a question that is not true: {self:#?}");
        }
        let waits = matches!(
            state,
            PermissionState::Suspect | PermissionState::Locked | PermissionState::Deactivated
        );
        assert!(!waits, "it never ends: {self:#?}");
        if self.row.closed {
            let numbers = self.numbers();
            let about = self.row.answered_for.as_ref();
            assert!(
                about.is_some_and(|about| numbers.is_subset(about)),
                "nobody asks about a later project: {self:#?}"
            );
        }
        if state == PermissionState::Unasked {
            assert!(self.projects.is_empty(), "nobody asks them: {self:#?}");
        }
    }
}
