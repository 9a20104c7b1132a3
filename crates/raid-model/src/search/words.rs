//! Words, folded: what is written in different ways and read as the same is the same word.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// Stands between two passages, so that no phrase runs from one into the other. No word is like it.
pub const BREAK: &str = "\u{b6}";

/// Characters of a word that count; the rest of a longer one is cut off.
const WORD_CHARACTERS: usize = 60;
/// Words of one RAiD that are searched, breaks included. PostgreSQL counts places up to 16 383.
const MAX_WORDS: usize = 10_000;
/// Bytes of words of one RAiD that are searched. PostgreSQL keeps at most 1 MiB with its own notes.
const MAX_BYTES: usize = 256 * 1024;

/// The words of a text, in their order: letters and digits of any script, in lower case, without
/// diacritics (`Malmö`, `MALMO` and `malmo` are one word). Each character of Chinese and Japanese
/// writing is a word, as these scripts put no spaces.
pub fn fold(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for character in text.nfkd() {
        if is_ignored(character) {
            continue;
        }
        if is_ideographic(character) {
            word.end(&mut words);
            words.push(character.to_string());
        } else if character.is_alphanumeric() {
            word.add(character);
        } else {
            word.end(&mut words);
        }
    }
    word.end(&mut words);
    words
}

#[derive(Default)]
struct Word {
    text: String,
    characters: usize,
}

impl Word {
    fn add(&mut self, character: char) {
        for lower in character.to_lowercase().filter(|lower| !is_ignored(*lower)) {
            if let Some(plain) = spelt_out(lower) {
                plain.chars().for_each(|letter| self.push(letter));
            } else {
                self.push(lower);
            }
        }
    }

    fn push(&mut self, letter: char) {
        if self.characters < WORD_CHARACTERS {
            self.characters += 1;
            self.text.push(letter);
        }
    }

    fn end(&mut self, words: &mut Vec<String>) {
        if !self.text.is_empty() {
            words.push(std::mem::take(&mut self.text));
        }
        self.characters = 0;
    }
}

/// Marks that a reader may leave out when writing the word: diacritics, Hebrew points, Arabic
/// vowels, what joins and breaks lines. Vowels that stand for themselves, as in Thai, stay.
fn is_ignored(character: char) -> bool {
    if character.is_ascii() {
        return false;
    }
    let class = canonical_combining_class(character);
    match character {
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' => {
            true
        }
        _ => class != 0 && (matches!(class, 10..=36 | 200..) || !character.is_alphanumeric()),
    }
}

fn is_ideographic(character: char) -> bool {
    matches!(character,
        '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && character.is_alphanumeric()
}

/// Letters with a stroke and the like, which no normal form takes apart.
fn spelt_out(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'þ' => "th",
        'ı' => "i",
        'ς' => "σ",
        _ => return None,
    })
}

/// Texts of one RAiD, up to the bounds.
#[derive(Default)]
pub(super) struct Passages {
    text: String,
    words: usize,
    bytes: usize,
}

impl Passages {
    /// Adds the words of a text.
    pub(super) fn add(&mut self, text: Option<&str>) {
        let words = fold(text.unwrap_or_default());
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
