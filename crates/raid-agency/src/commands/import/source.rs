//! The file that is imported, in chunks that are always the same.

use super::upgrade::upgraded;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;

/// Lines of a chunk.
const LINES: usize = 200;
/// A chunk ends with the line that goes beyond so many bytes.
const BYTES: usize = 4 * 1024 * 1024;

/// A file of lines.
pub(super) struct Source {
    reader: BufReader<File>,
    /// SHA-256 of the content, in hex.
    pub(super) hash: String,
    /// How many lines it has.
    pub(super) lines: u64,
    /// How many were read.
    read: u64,
}

/// Some lines that follow each other.
pub(super) struct Chunk {
    /// The idempotency key, the same whenever the same file is cut up.
    pub(super) key: String,
    /// The number of its first line in the file, from 1.
    pub(super) first_line: u64,
    lines: Vec<Vec<u8>>,
    /// What was changed in each line.
    changes: Vec<Vec<String>>,
}

impl Source {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let mut reader = BufReader::new(File::open(path)?);
        let (mut hasher, mut lines, mut is_open) = (Sha256::new(), 0, false);
        let mut piece = vec![0; 64 * 1024];
        loop {
            let n = reader.read(&mut piece)?;
            let Some(last) = piece[..n].last() else {
                break;
            };
            is_open = *last != b'\n';
            lines += piece[..n]
                .iter()
                .map(|b| u64::from(*b == b'\n'))
                .sum::<u64>();
            hasher.update(&piece[..n]);
        }
        reader.rewind()?;
        let hash = hasher.finalize();
        Ok(Self {
            reader,
            hash: hex(&hash),
            lines: lines + u64::from(is_open),
            read: 0,
        })
    }

    /// The next chunk; none at the end.
    pub(super) fn next_chunk(&mut self) -> std::io::Result<Option<Chunk>> {
        let (mut lines, mut changes, mut bytes) = (Vec::new(), Vec::new(), 0);
        while lines.len() < LINES && bytes < BYTES {
            let mut line = Vec::new();
            if self.reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            bytes += line.len();
            let (line, replaced) = upgraded(line);
            lines.push(line);
            changes.push(replaced);
        }
        let first_line = self.read + 1;
        self.read += lines.len() as u64;
        let key = format!("import-{}-{first_line}", self.hash);
        Ok((!lines.is_empty()).then_some(Chunk {
            key,
            first_line,
            lines,
            changes,
        }))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
        hex
    })
}

impl Chunk {
    /// The numbers of the lines that are not blank.
    pub(super) fn filled_lines(&self) -> impl Iterator<Item = u64> {
        let filled = |line: &[u8]| !line.iter().all(u8::is_ascii_whitespace);
        (self.first_line..)
            .zip(&self.lines)
            .filter(move |(_, line)| filled(line))
            .map(|(number, _)| number)
    }

    /// What was changed in a line of the file before it was sent.
    pub(super) fn changes(&self, line: u64) -> &[String] {
        let place = usize::try_from(line.saturating_sub(self.first_line)).ok();
        let changes = place.and_then(|place| self.changes.get(place));
        changes.map(Vec::as_slice).unwrap_or_default()
    }

    /// The number of the last line.
    pub(super) fn last_line(&self) -> u64 {
        self.first_line + self.lines.len() as u64 - 1
    }

    /// The wanted lines. The others are blank, so that each keeps its number, which belongs to its
    /// idempotency key.
    pub(super) fn body(&self, wanted: &BTreeSet<u64>) -> Vec<u8> {
        let mut body = Vec::new();
        for (number, line) in (self.first_line..).zip(&self.lines) {
            if wanted.contains(&number) {
                body.extend_from_slice(line);
            }
            body.push(b'\n');
        }
        body
    }
}
