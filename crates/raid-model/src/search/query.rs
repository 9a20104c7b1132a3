//! What somebody searches for, in words.

use super::words::fold;

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
    /// and words that are written as one (`climate-change`) must follow each other.
    pub fn parse(text: &str) -> Result<Self, TooManyWords> {
        let mut parts = Vec::new();
        // Every second piece was between quotation marks; a mark that is not closed lasts to the end.
        for (index, piece) in text.split(['"', '“', '”', '„']).enumerate() {
            if index % 2 == 1 {
                parts.extend(Part::of(piece));
            } else {
                parts.extend(piece.split_whitespace().filter_map(Part::of));
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
    fn of(piece: &str) -> Option<Self> {
        let words = fold(piece);
        (!words.is_empty()).then(|| Self {
            words,
            is_prefix: piece.trim_end().ends_with('*'),
        })
    }
}
