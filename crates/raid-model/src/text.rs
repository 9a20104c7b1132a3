//! Text that is fit for one line of somebody else's page: ORCID records, notifications, mail.

/// The text on one line of at most `max` characters; empty if nothing visible is left.
///
/// - Runs of white space become one space.
/// - Control characters go, and those that XML 1.0 forbids.
/// - Characters that nobody sees but that change how the text around them is read or compared go:
///   `Bidi_Control`, `Default_Ignorable_Code_Point` and the interlinear annotation marks (Unicode
///   Character Database, `PropList.txt` and `DerivedCoreProperties.txt`), soft hyphen included.
/// - Of these, variation selectors stay: they choose the form of the character before them, which
///   Japanese names need. A zero-width joiner or non-joiner stays between two characters of a
///   script whose spelling uses it, such as Persian or Hindi, and goes everywhere else.
///
/// Cleaning a clean line changes nothing.
pub fn clean_line(text: &str, max: usize) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let word = clean_word(word);
        if !word.is_empty() && !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if let Some((end, _)) = line.char_indices().nth(max) {
        line.truncate(end);
        let kept = line.trim_end_matches(|c: char| c.is_whitespace() || is_joiner(c));
        line.truncate(kept.len());
    }
    line
}

/// Whether a text has a bidirectional override (U+202D, U+202E), which shows the characters after it
/// in another order than they have. Other marks of direction are part of ordinary Arabic and Hebrew.
pub fn has_override(text: &str) -> bool {
    text.contains(['\u{202d}', '\u{202e}'])
}

/// Whether a text has nothing that anybody sees: white space of any script, and the characters that
/// [`clean_line`] removes.
pub fn is_blank(text: &str) -> bool {
    /// A braille pattern without dots is a space.
    const NO_DOTS: char = '\u{2800}';
    text.chars()
        .all(|c| c.is_whitespace() || c == NO_DOTS || is_invisible(c))
}

/// What is compared of a name that must be unique: without regard to case, to characters that nobody
/// sees, and to how many spaces there are.
pub fn name_key(name: &str) -> String {
    // To upper case first, so that both ways of writing a letter (ß and ss) become one.
    clean_line(name, usize::MAX).to_uppercase().to_lowercase()
}

/// Whether a character takes no room of its own on a page.
pub(crate) fn is_invisible(c: char) -> bool {
    let is_selector = matches!(c, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}');
    is_removed(c) || is_joiner(c) || is_selector
}

/// The word without what [`clean_line`] removes.
fn clean_word(word: &str) -> String {
    let mut clean = String::with_capacity(word.len());
    let mut rest = word.chars().filter(|c| !is_removed(*c)).peekable();
    while let Some(c) = rest.next() {
        if is_joiner(c) {
            let before = clean.chars().next_back();
            let joins = before.is_some_and(uses_joiners)
                && rest.peek().is_some_and(|after| uses_joiners(*after));
            if !joins {
                continue;
            }
        }
        clean.push(c);
    }
    clean
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether the character belongs to a script whose spelling uses joiners: Arabic to Mandaic and the
/// scripts of India and Sri Lanka (U+0600 to U+0DFF), Myanmar, Khmer and Mongolian.
fn uses_joiners(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}')
}

/// What is removed wherever it stands.
fn is_removed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e00ff}'
                | '\u{e01f0}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests;
