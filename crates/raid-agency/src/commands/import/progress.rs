//! How far it is, for people who watch.

use std::io::{IsTerminal as _, Write as _, stderr};

/// Characters of the bar.
const WIDTH: usize = 30;

/// A bar on the terminal; nothing where there is none.
pub(super) struct Progress {
    lines: u64,
    is_watched: bool,
    shown: String,
}

impl Progress {
    pub(super) fn new(lines: u64) -> Self {
        Self {
            lines,
            is_watched: stderr().is_terminal(),
            shown: String::new(),
        }
    }

    /// So many lines are behind us.
    pub(super) fn show(&mut self, line: u64, failed: usize) {
        if !self.is_watched {
            return;
        }
        let bar = bar(line, self.lines, failed);
        if bar != self.shown {
            // A terminal that is gone is no reason to stop.
            let _ = write!(stderr(), "\r{bar}");
            self.shown = bar;
        }
    }

    pub(super) fn end(&self) {
        if self.is_watched {
            let _ = writeln!(stderr());
        }
    }
}

fn bar(line: u64, lines: u64, failed: usize) -> String {
    let lines = lines.max(1);
    let percent = line * 100 / lines;
    let filled = usize::try_from(percent).unwrap_or_default() * WIDTH / 100;
    let bar = "#".repeat(filled);
    format!("[{bar:.<WIDTH$}] {percent:3} %  {line} of {lines} lines, {failed} refused")
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn the_bar_grows_from_empty_to_full() {
        let empty = format!("[{}]   0 %  0 of 400 lines, 0 refused", ".".repeat(30));
        assert_eq!(bar(0, 400, 0), empty);
        let half = format!("[{}{}]  50 %", "#".repeat(15), ".".repeat(15));
        assert!(bar(200, 400, 3).starts_with(&half));
        let full = format!("[{}] 100 %  400 of 400 lines, 7 refused", "#".repeat(30));
        assert_eq!(bar(400, 400, 7), full);
        assert!(bar(0, 0, 0).contains("0 %"));
    }
}
