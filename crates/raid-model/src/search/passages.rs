//! The texts of one RAiD that are searched, up to bounds.

use super::identifier;
use super::words::compounds;

/// Stands between two passages, so that no phrase runs from one into the other. No word is like it.
pub const BREAK: &str = "\u{b6}";

/// Words of one RAiD that are searched, breaks included. PostgreSQL counts places up to 16 383.
const MAX_WORDS: usize = 10_000;
/// Bytes of words of one RAiD that are searched. PostgreSQL keeps at most 1 MiB with its own notes.
const MAX_BYTES: usize = 256 * 1024;

/// Texts of one RAiD, up to the bounds.
#[derive(Default)]
pub(super) struct Passages {
    text: String,
    words: usize,
    bytes: usize,
}

impl Passages {
    /// Adds the words of a text, and, as passages of their own, those by which else its compounds are
    /// found.
    pub(super) fn add(&mut self, text: Option<&str>) {
        let (mut words, mut others) = (Vec::new(), Vec::new());
        for run in compounds(text.unwrap_or_default()) {
            words.extend(run.words);
            others.extend(run.joined);
            others.extend(run.after_apostrophe);
        }
        self.add_passage(words);
        self.add_passage(others);
    }

    /// Adds an identifier as one word.
    pub(super) fn add_identifier(&mut self, text: Option<&str>) {
        let word = identifier::word(text.unwrap_or_default());
        self.add_passage(word.into_iter().collect());
    }

    fn add_passage(&mut self, words: Vec<String>) {
        let separator = (!self.text.is_empty() && !words.is_empty()).then(|| BREAK.to_owned());
        for word in separator.into_iter().chain(words) {
            if self.words >= MAX_WORDS || self.bytes + word.len() >= MAX_BYTES {
                self.words = MAX_WORDS;
                return;
            }
            self.words += 1;
            self.bytes += word.len() + 1;
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(&word);
        }
    }

    /// What was added since the last time.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}
