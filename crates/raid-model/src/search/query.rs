//! What somebody searches for, in words.

use super::identifier;
use super::words::{Compound, compounds};

/// Most words of one query.
pub const MAX_QUERY_WORDS: usize = 20;

/// Words that a RAiD must have, each part of it. Without a part nothing is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    parts: Vec<Part>,
}

/// Words that follow each other: a single one, or a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The words, as [`fold`] gives them; at least one.
    pub words: Vec<String>,
    /// They may also be written as this one word.
    pub joined: Option<String>,
    /// Whether the last word may go on.
    pub is_prefix: bool,
}

/// A query has more than [`MAX_QUERY_WORDS`] words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write at most {MAX_QUERY_WORDS} words")]
pub struct TooManyWords;

impl Query {
    /// Reads a query: words, of which each must be there; `"several words"` in this order; and
    /// `begin*` for every word that begins so. What is neither a letter nor a digit only separates,
    /// and words that are written as one (`climate-change`) must follow each other or stand there as one
    /// word (`climatechange`). An identifier is a word, with or without its resolver.
    pub fn parse(text: &str) -> Result<Self, TooManyWords> {
        let mut parts = Vec::new();
        // Every second piece was between quotation marks; a mark that is not closed lasts to the end.
        for (index, piece) in text.split(['"', '“', '”', '„']).enumerate() {
            if index % 2 == 1 && piece.trim().contains(char::is_whitespace) {
                parts.extend(Part::phrase(piece));
            } else {
                parts.extend(piece.split_whitespace().filter_map(Part::word));
            }
        }
        let words: usize = parts.iter().map(|part: &Part| part.words.len()).sum();
        if words > MAX_QUERY_WORDS {
            return Err(TooManyWords);
        }
        Ok(Self { parts })
    }

    /// What must be there, in the order in which it was written.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl Part {
    /// Words in this order, whether or not they were written as one.
    fn phrase(piece: &str) -> Option<Self> {
        let mut runs = compounds(piece);
        if runs.len() == 1 {
            return runs.pop().map(|run| Self::of(run, piece));
        }
        let words: Vec<_> = runs.into_iter().flat_map(|run| run.words).collect();
        (!words.is_empty()).then(|| Self {
            words,
            joined: None,
            is_prefix: is_prefix(piece),
        })
    }

    /// What was written as one word: an identifier or a compound.
    fn word(piece: &str) -> Option<Self> {
        let Some(identifier) = identifier::asked_for(piece) else {
            return Self::phrase(piece);
        };
        Some(Self {
            words: vec![identifier],
            joined: None,
            is_prefix: is_prefix(piece),
        })
    }

    fn of(run: Compound, piece: &str) -> Self {
        Self {
            words: run.words,
            joined: run.joined,
            is_prefix: is_prefix(piece),
        }
    }
}

fn is_prefix(piece: &str) -> bool {
    piece.trim_end().ends_with('*')
}
