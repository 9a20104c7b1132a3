//! What to do next about a person's permission, as a pure function of what is known.

use std::time::Duration;

use time::PrimitiveDateTime;

use super::{PermissionEvent, PermissionRules, PermissionState};

/// What is known of a person when the next step is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not depend on each other"
)]
pub struct PermissionFacts {
    /// Where they stand.
    pub state: PermissionState,
    /// Since when.
    pub since: PrimitiveDateTime,
    /// When the state was last confirmed by a look at ORCID.
    pub looked_at: PrimitiveDateTime,
    /// How many tries of the token were refused in this state.
    pub refusals: usize,
    /// Whether there is a token in use.
    pub holds_token: bool,
    /// Whether there are tokens to be revoked at ORCID.
    pub spent_tokens: bool,
    /// The question that stands in their inbox, or may.
    pub question: Option<Question>,
    /// Questions within the budget's window that count.
    pub asked: u32,
    /// Questions that count within the longer [`PermissionRules::silence_window`].
    pub unanswered: u32,
    /// Notifications posted within the budget's window, with those that replaced another.
    pub posted: u32,
    /// Whether they have projects that they can be asked for.
    pub something_to_ask: bool,
    /// Whether they contribute to a RAiD that was not withdrawn.
    pub contributes: bool,
    /// Whether an entry of ours stands on their record, or may.
    pub entries: bool,
    /// Whether their question was closed by somebody who did not sign in.
    pub closed: bool,
    /// Whether they may be asked again: nothing is left of the projects that they said no to or did
    /// not answer for, or their question was closed without a sign-in and a project came since.
    pub answer_outdated: bool,
    /// Since when they contribute to nothing, as far as that was noted.
    pub idle_since: Option<PrimitiveDateTime>,
}

/// A question in a person's ORCID inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where it stands.
    pub state: QuestionState,
    /// When it was posted.
    pub asked_at: PrimitiveDateTime,
    /// Whether all that it says of the projects that it names is true now.
    pub is_true: bool,
    /// Whether the person opened it, as far as we know. ORCID archives no notification then.
    pub read: bool,
    /// Whether one of the projects that it names is still theirs.
    pub concerns_them: bool,
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionState {
    /// About to be posted, or posted with an unknown outcome.
    Posting,
    /// In the inbox.
    Open,
    /// About to be archived by us, or archived with an unknown outcome.
    Withdrawing,
}

/// Why we archive a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithdrawReason {
    /// There is nothing left to ask for.
    NothingToAsk,
    /// It does not say what is true now; a current one follows.
    OutOfDate,
    /// It was answered.
    Answered,
    /// It stayed unanswered; it is posted again.
    Reminder,
    /// Archiving it was begun before, with an unknown outcome.
    Resumed,
}

impl WithdrawReason {
    /// Whether the archived question counts in the contact budget. What we archive unread because
    /// it was not true any more does not.
    pub fn counts(self) -> bool {
        !matches!(self, Self::NothingToAsk | Self::OutOfDate)
    }
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionStep {
    /// Nothing, until something changes.
    Rest,
    /// Nothing, for this long.
    Wait(Duration),
    /// Revoke tokens at ORCID that are of no use any more, and forget them.
    RevokeTokens,
    /// Post the question.
    Ask,
    /// Look whether the question was posted whose outcome is unknown.
    FindQuestion,
    /// Archive the question, and go on from there.
    Withdraw(WithdrawReason),
    /// Look what became of the question.
    ReadQuestion,
    /// Try the token.
    TryToken,
    /// Look at the record, and try the token again when the wait is over.
    ConfirmRefusal(Duration),
    /// Decide whether the refusals mean that the person withdrew.
    JudgeRefusal,
    /// Look whether the record can be used again.
    LookAtRecord,
    /// Note that they contribute to nothing (any more), or do again.
    NoteIdle(bool),
    /// A transition that follows from the facts alone.
    Apply(PermissionEvent),
}

impl PermissionFacts {
    /// Chooses the next step.
    pub fn next_step(&self, rules: &PermissionRules, now: PrimitiveDateTime) -> PermissionStep {
        if self.spent_tokens {
            return PermissionStep::RevokeTokens;
        }
        match self.state {
            PermissionState::Unasked => self.unasked(rules),
            PermissionState::Asked => self.asked(rules, now),
            PermissionState::Granted => self.granted(rules, now),
            PermissionState::Suspect => self.suspect(rules, now),
            PermissionState::Revoked => self.revoked(rules, now),
            PermissionState::Denied | PermissionState::Ignored => self.answered(),
            PermissionState::Locked
            | PermissionState::Deactivated
            | PermissionState::Unreachable => {
                match remaining(self.looked_at, rules.recheck_after, now) {
                    Some(wait) => PermissionStep::Wait(wait),
                    None => PermissionStep::LookAtRecord,
                }
            }
            PermissionState::Disconnected => self.settle_question().unwrap_or(PermissionStep::Rest),
            PermissionState::Deprecated => PermissionStep::Rest,
        }
    }

    fn unasked(&self, rules: &PermissionRules) -> PermissionStep {
        match self.question.as_ref().map(|question| question.state) {
            Some(QuestionState::Posting) => return PermissionStep::FindQuestion,
            Some(_) => return PermissionStep::Withdraw(WithdrawReason::Resumed),
            None => {}
        }
        if !self.something_to_ask {
            // An embargo ends by itself, and a withdrawn project does not come back.
            return if self.contributes {
                PermissionStep::Wait(rules.recheck_after)
            } else {
                PermissionStep::Rest
            };
        }
        if self.asked >= rules.budget.requests || self.posted >= rules.budget.most_posts() {
            return PermissionStep::Wait(rules.remind_after);
        }
        PermissionStep::Ask
    }

    fn asked(&self, rules: &PermissionRules, now: PrimitiveDateTime) -> PermissionStep {
        let Some(question) = &self.question else {
            return PermissionStep::Apply(PermissionEvent::QuestionWithdrawn);
        };
        match question.state {
            QuestionState::Posting => return PermissionStep::FindQuestion,
            QuestionState::Withdrawing => return PermissionStep::Withdraw(WithdrawReason::Resumed),
            QuestionState::Open => {}
        }
        if !self.something_to_ask {
            return if question.read && question.concerns_them {
                PermissionStep::Wait(rules.recheck_after)
            } else {
                PermissionStep::Withdraw(WithdrawReason::NothingToAsk)
            };
        }
        // One that was read cannot be archived, and none is posted beside it. Its link shows what is
        // true now. Only when it was about nothing of theirs does a new one follow.
        let replaceable = !question.read || !question.concerns_them;
        if !question.is_true && replaceable && self.posted < rules.budget.most_posts() {
            return PermissionStep::Withdraw(WithdrawReason::OutOfDate);
        }
        let since = question.asked_at.max(self.looked_at);
        match remaining(since, rules.remind_after, now) {
            Some(wait) => PermissionStep::Wait(wait),
            None => PermissionStep::ReadQuestion,
        }
    }

    fn granted(&self, rules: &PermissionRules, now: PrimitiveDateTime) -> PermissionStep {
        if let Some(step) = self.settle_question() {
            return step;
        }
        if !self.holds_token {
            return PermissionStep::Apply(PermissionEvent::TokenRefused);
        }
        if let Some(step) = self.without_projects(rules, now) {
            return step;
        }
        match remaining(self.looked_at, rules.probe_every, now) {
            Some(wait) => PermissionStep::Wait(wait),
            None => PermissionStep::TryToken,
        }
    }

    fn suspect(&self, rules: &PermissionRules, now: PrimitiveDateTime) -> PermissionStep {
        let wait = rules.confirm_after.get(self.refusals);
        if let Some(wait) = wait {
            let left = remaining(self.looked_at, *wait, now);
            return PermissionStep::ConfirmRefusal(left.unwrap_or_default());
        }
        // The first judgement follows at once; a refusal that could not be judged waits.
        let judged_before = self.refusals > rules.confirm_after.len();
        match remaining(self.looked_at, rules.breaker_window, now).filter(|_| judged_before) {
            Some(wait) => PermissionStep::Wait(wait),
            None => PermissionStep::JudgeRefusal,
        }
    }

    fn revoked(&self, rules: &PermissionRules, now: PrimitiveDateTime) -> PermissionStep {
        if let Some(step) = self.settle_question() {
            return step;
        }
        if !self.holds_token {
            return PermissionStep::Rest;
        }
        if let Some(step) = self.without_projects(rules, now) {
            return step;
        }
        let Some(wait) = rules.retry_revoked_after.get(self.refusals) else {
            return PermissionStep::Apply(PermissionEvent::TokenGivenUp);
        };
        match remaining(self.looked_at, *wait, now) {
            Some(wait) => PermissionStep::Wait(wait),
            None => PermissionStep::TryToken,
        }
    }

    fn answered(&self) -> PermissionStep {
        let answered = self.closed || self.state == PermissionState::Denied;
        if let Some(question) = &self.question {
            let stays = question.state == QuestionState::Open
                && !answered
                && self.something_to_ask
                && question.concerns_them;
            // One that was never answered can still be granted from the inbox.
            if !stays {
                return match question.state {
                    QuestionState::Posting => PermissionStep::FindQuestion,
                    _ if answered => PermissionStep::Withdraw(WithdrawReason::Answered),
                    _ => PermissionStep::Withdraw(WithdrawReason::NothingToAsk),
                };
            }
        }
        if self.answer_outdated && self.something_to_ask {
            return PermissionStep::Apply(PermissionEvent::AnswerOutdated);
        }
        PermissionStep::Rest
    }

    /// Archives a question that was answered.
    fn settle_question(&self) -> Option<PermissionStep> {
        let question = self.question.as_ref()?;
        Some(match question.state {
            QuestionState::Posting => PermissionStep::FindQuestion,
            QuestionState::Open => PermissionStep::Withdraw(WithdrawReason::Answered),
            QuestionState::Withdrawing => PermissionStep::Withdraw(WithdrawReason::Resumed),
        })
    }

    /// The token of somebody without projects is forgotten after a while: a slip that is corrected
    /// at once must not cost a permission.
    fn without_projects(
        &self,
        rules: &PermissionRules,
        now: PrimitiveDateTime,
    ) -> Option<PermissionStep> {
        let idle = !self.contributes && !self.entries;
        match (idle, self.idle_since) {
            (false, None) => None,
            (false, Some(_)) => Some(PermissionStep::NoteIdle(false)),
            (true, None) => Some(PermissionStep::NoteIdle(true)),
            (true, Some(since)) => Some(match remaining(since, rules.forget_after, now) {
                Some(wait) => PermissionStep::Wait(wait),
                None => PermissionStep::Apply(PermissionEvent::LastProjectGone),
            }),
        }
    }
}

/// What is left of a wait; none when it is over.
fn remaining(since: PrimitiveDateTime, wait: Duration, now: PrimitiveDateTime) -> Option<Duration> {
    let ends = since.saturating_add(time::Duration::try_from(wait).unwrap_or(time::Duration::MAX));
    Duration::try_from(ends - now)
        .ok()
        .filter(|left| !left.is_zero())
}
