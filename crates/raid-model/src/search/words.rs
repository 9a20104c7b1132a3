//! Words, folded: what is written in different ways and read as the same is the same word.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;
use unicode_segmentation::UnicodeSegmentation as _;

/// Characters of a word that count; the rest of a longer one is cut off.
const WORD_CHARACTERS: usize = 60;

/// The words of a text, in their order: letters and digits of any script, in lower case, without
/// diacritics (`Malmö`, `MALMO` and `malmo` are one word) and without apostrophes (`Hawaiʻi` is
/// `hawaii`). A number behind a name is a word of its own (`covid19` is `covid 19`). In scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese)
/// each character is a word, with its vowels and tones.
pub fn fold(text: &str) -> Vec<String> {
    compounds(text)
        .into_iter()
        .flat_map(|it| it.words)
        .collect()
}

/// A run of text without spaces, slashes, brackets and the like, as words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compound {
    /// Its words, which follow each other.
    pub(super) words: Vec<String>,
    /// All of them as one word, as others may write it (`covid19` for `COVID-19`), where a hyphen or the
    /// like separates them.
    pub(super) joined: Option<String>,
    /// What follows an apostrophe, as in `l'eau`.
    pub(super) after_apostrophe: Vec<String>,
}

/// The runs of a text that have words.
pub(super) fn compounds(text: &str) -> Vec<Compound> {
    let text: String = text.nfkc().filter(|c| !is_invisible(*c)).collect();
    let runs = text.split(ends_run).map(Compound::of);
    runs.filter(|run| !run.words.is_empty()).collect()
}

/// A text as one word, for identifiers: `10.5281/Zenodo.7` is `105281zenodo7`. None if it has no
/// letter or digit.
pub(super) fn join(text: &str) -> Option<String> {
    let words = fold(text);
    (!words.is_empty()).then(|| joined(&words))
}

fn joined(words: &[String]) -> String {
    let characters = words.iter().flat_map(|word| word.chars());
    characters.take(WORD_CHARACTERS).collect()
}

impl Compound {
    fn of(run: &str) -> Self {
        let mut words = Words::default();
        let mut clusters = run.graphemes(true).peekable();
        while let Some(cluster) = clusters.next() {
            let Some(first) = cluster.chars().next() else {
                continue;
            };
            if stands_alone(first) {
                words.stand_alone(cluster);
            } else if is_apostrophe(first) {
                let next = clusters.peek().and_then(|next| next.chars().next());
                words.apostrophe(next.is_some_and(char::is_alphanumeric));
            } else {
                cluster.nfkd().for_each(|c| words.add(c));
            }
        }
        words.end();
        let is_compound = words.all.len() > 1 && !words.has_spaceless;
        Self {
            joined: is_compound.then(|| joined(&words.all)),
            words: words.all,
            after_apostrophe: words.after_apostrophe,
        }
    }
}

/// The words of a run that were read so far.
#[derive(Default)]
struct Words {
    all: Vec<String>,
    word: String,
    characters: usize,
    /// Where in the word its last part begins, if an apostrophe is before it.
    part: Option<usize>,
    after_apostrophe: Vec<String>,
    has_spaceless: bool,
}

impl Words {
    fn stand_alone(&mut self, cluster: &str) {
        self.end();
        self.all.push(cluster.to_owned());
        self.has_spaceless = true;
    }

    fn add(&mut self, character: char) {
        if is_mark(character) {
            return;
        }
        // A vowel sign of Khmer, say, may follow a character that is no letter of its script.
        if stands_alone(character) {
            return self.stand_alone(character.encode_utf8(&mut [0; 4]));
        }
        for lower in character.to_lowercase().filter(|lower| !is_mark(*lower)) {
            if let Some(plain) = spelt_out(lower) {
                plain.chars().for_each(|letter| self.push(letter));
            } else {
                self.push(lower);
            }
        }
    }

    fn push(&mut self, letter: char) {
        if !letter.is_alphanumeric() {
            self.end();
        } else if self.characters < WORD_CHARACTERS {
            self.characters += 1;
            self.word.push(letter);
        }
    }

    /// An apostrophe within a word is no part of it; elsewhere it separates words.
    fn apostrophe(&mut self, is_followed: bool) {
        if self.word.is_empty() || !is_followed {
            self.end();
            return;
        }
        self.end_part();
        self.part = Some(self.word.len());
    }

    fn end_part(&mut self) {
        if let Some(start) = self.part.take() {
            let part = &self.word[start..];
            if part.chars().nth(1).is_some() {
                self.after_apostrophe.push(part.to_owned());
            }
        }
    }

    fn end(&mut self) {
        self.end_part();
        let mut word = std::mem::take(&mut self.word);
        let number = number_of(&word).map(|start| word.split_off(start));
        self.all.extend((!word.is_empty()).then_some(word));
        self.all.extend(number);
        self.characters = 0;
    }
}

/// Where the number begins in a name with a number, such as `covid19`: others write it apart. Words that
/// mix letters and digits in other ways, as identifiers do, stay whole.
fn number_of(word: &str) -> Option<usize> {
    let start = word.find(char::is_numeric)?;
    let (name, number) = word.split_at(start);
    (name.chars().nth(1).is_some() && number.chars().all(char::is_numeric)).then_some(start)
}

/// What nobody leaves out between two words, as they may a hyphen, comma or dot.
fn ends_run(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '/' | '|' | ':' | ';' | '=' | '&' | '?' | '!')
        || matches!(
            character,
            '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"'
        )
}

/// What joins and breaks lines, and chooses between forms of a character.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Marks that a reader may leave out when writing the word: diacritics, Hebrew points, Arabic vowels.
fn is_mark(character: char) -> bool {
    if character.is_ascii() {
        return false;
    }
    let class = canonical_combining_class(character);
    class != 0 && (matches!(class, 10..=36 | 200..) || !character.is_alphanumeric())
}

/// Apostrophes, and letters that many write as apostrophes: the ʻokina, the modifier apostrophe, the
/// prime, half rings.
fn is_apostrophe(character: char) -> bool {
    matches!(
        character,
        '\'' | '\u{2018}' | '\u{2019}' | '\u{2b9}' | '\u{2bb}'
            ..='\u{2bf}' | '\u{a78b}' | '\u{a78c}'
    )
}

/// Characters of scripts that put no spaces between words.
fn stands_alone(character: char) -> bool {
    matches!(character,
        '\u{e01}'..='\u{e4f}' // Thai
        | '\u{e81}'..='\u{ecf}' | '\u{edc}'..='\u{edf}' // Lao
        | '\u{1000}'..='\u{103f}' | '\u{104c}'..='\u{109f}' // Burmese
        | '\u{1780}'..='\u{17d3}' | '\u{17dc}'..='\u{17dd}' // Khmer
        | '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // Kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
        && (character.is_alphanumeric() || canonical_combining_class(character) != 0)
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
