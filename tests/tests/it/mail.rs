//! Mail that the agency left in its folder.

use raid_tests::Stage;

/// All mails so far, oldest first, as people read them.
pub fn letters(stage: &Stage) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(stage.data().join("mail")) else {
        return Vec::new();
    };
    let files = folder.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = files
        .filter(|f| f.extension().is_some_and(|e| e == "eml"))
        .collect();
    files.sort_by_key(|file| std::fs::metadata(file).and_then(|m| m.modified()).ok());
    files
        .iter()
        .map(|file| readable(&std::fs::read_to_string(file).unwrap()))
        // A file is there a moment before its content is.
        .filter(|letter| !letter.is_empty())
        .collect()
}

/// Undoes what quoted-printable does to ASCII text.
fn readable(mail: &str) -> String {
    if mail.contains("Content-Transfer-Encoding: quoted-printable") {
        mail.replace("=\r\n", "").replace("=3D", "=")
    } else {
        mail.to_owned()
    }
}

/// The link that a mail asks to open.
pub fn link_in(letter: &str) -> String {
    let links = letter
        .split_whitespace()
        .filter(|word| word.starts_with("http"));
    let mut links: Vec<_> = links.collect();
    assert_eq!(links.len(), 1, "one link in: {letter}");
    links.remove(0).to_owned()
}
