//! Tokens and authorization codes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::OrcidId;
use crate::random::{authorization_code, token_uuid};

/// How long a token lives, in seconds: about 20 years.
pub(crate) const TOKEN_LIFETIME: i64 = 631_138_518;
/// The oldest tokens and codes are forgotten when there are more.
const MOST: usize = 50_000;

/// Scopes of a grant.
pub(crate) type Scopes = BTreeSet<String>;

/// Splits a scope parameter.
pub(crate) fn parse_scopes(text: &str) -> Scopes {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Scopes as one parameter.
pub(crate) fn join_scopes(scopes: &Scopes) -> String {
    scopes
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// All tokens and codes ever given, with bounds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Grants {
    /// In order of issue.
    tokens: VecDeque<Token>,
    codes: BTreeMap<String, Code>,
    code_order: VecDeque<String>,
}

/// A token pair.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) client_id: String,
    /// The researcher who granted it; `None` for a client's own (2-legged) token.
    pub(crate) orcid: Option<OrcidId>,
    pub(crate) scopes: Scopes,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) issued: OffsetDateTime,
    /// The code that it was exchanged for.
    pub(crate) code: Option<String>,
    pub(crate) disabled: Option<DisabledBecause>,
}

/// Why a token no longer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DisabledBecause {
    /// The researcher removed the client: deleting still works.
    UserRevoked,
    /// The client revoked it.
    ClientRevoked,
    /// The record was deactivated.
    RecordDeactivated,
    /// Its authorization code came a second time.
    AuthCodeReused,
    /// It was replaced by a refreshed pair.
    Refreshed,
}

impl Token {
    /// When it expires.
    pub(crate) fn expires(&self) -> OffsetDateTime {
        self.issued
            .saturating_add(Duration::seconds(TOKEN_LIFETIME))
    }

    /// Whether it works.
    pub(crate) fn live(&self, now: OffsetDateTime) -> bool {
        self.disabled.is_none() && now < self.expires()
    }

    /// Whether it carries the scope, directly or by another that includes it.
    pub(crate) fn allows(&self, scope: &str) -> bool {
        let has = |s: &str| self.scopes.contains(s);
        has(scope)
            || (scope == "/read-public"
                && ["/read-limited", "/activities/update", "/person/update"]
                    .into_iter()
                    .any(has))
    }
}

/// An authorization code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) orcid: OrcidId,
    pub(crate) scopes: Scopes,
    pub(crate) redirect_uri: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires: OffsetDateTime,
    pub(crate) used: bool,
}

impl Grants {
    /// Issues a code for a grant.
    pub(crate) fn issue_code(&mut self, code: Code) -> String {
        let text = authorization_code();
        self.codes.insert(text.clone(), code);
        self.code_order.push_back(text.clone());
        if self.code_order.len() > MOST
            && let Some(oldest) = self.code_order.pop_front()
        {
            self.codes.remove(&oldest);
        }
        text
    }

    /// A code by its text.
    pub(crate) fn code(&mut self, text: &str) -> Option<&mut Code> {
        self.codes.get_mut(text)
    }

    /// Issues a token pair.
    pub(crate) fn issue(
        &mut self,
        client_id: &str,
        orcid: Option<OrcidId>,
        scopes: Scopes,
        code: Option<String>,
        now: OffsetDateTime,
    ) -> Token {
        let token = Token {
            access: token_uuid(),
            refresh: token_uuid(),
            client_id: client_id.to_owned(),
            orcid,
            scopes,
            issued: now,
            code,
            disabled: None,
        };
        self.tokens.push_back(token.clone());
        if self.tokens.len() > MOST {
            self.tokens.pop_front();
        }
        token
    }

    /// The token with this access token.
    pub(crate) fn by_access(&self, access: &str) -> Option<&Token> {
        self.tokens.iter().rev().find(|t| t.access == access)
    }

    /// The token with this refresh token.
    pub(crate) fn by_refresh(&self, refresh: &str) -> Option<&Token> {
        self.tokens.iter().rev().find(|t| t.refresh == refresh)
    }

    /// All tokens, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter()
    }

    /// Disables every token that still works and is meant. Gives their number.
    pub(crate) fn disable(
        &mut self,
        why: DisabledBecause,
        meant: impl Fn(&Token) -> bool,
    ) -> usize {
        let working = self.tokens.iter_mut().filter(|t| t.disabled.is_none());
        let mut count = 0;
        for token in working {
            if meant(token) {
                token.disabled = Some(why);
                count += 1;
            }
        }
        count
    }

    /// Takes from the researcher's live tokens for the client all scopes but these. Gives the
    /// number of tokens that lost one.
    pub(crate) fn narrow(
        &mut self,
        client_id: &str,
        orcid: &OrcidId,
        kept: &Scopes,
        now: OffsetDateTime,
    ) -> usize {
        let theirs = self
            .tokens
            .iter_mut()
            .filter(|t| t.live(now) && t.client_id == client_id && t.orcid.as_ref() == Some(orcid));
        let mut count = 0;
        for token in theirs {
            let before = token.scopes.len();
            token.scopes.retain(|scope| kept.contains(scope));
            count += usize::from(token.scopes.len() < before);
        }
        count
    }

    /// Whether the researcher has granted exactly these scopes to the client already.
    pub(crate) fn has_live(
        &self,
        client_id: &str,
        orcid: &OrcidId,
        scopes: &Scopes,
        now: OffsetDateTime,
    ) -> bool {
        self.tokens.iter().any(|t| {
            t.live(now)
                && t.client_id == client_id
                && t.orcid.as_ref() == Some(orcid)
                && t.scopes == *scopes
        })
    }
}
