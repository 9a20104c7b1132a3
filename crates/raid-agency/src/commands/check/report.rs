//! The table that is printed.

use std::fmt;

/// How a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// All is well.
    Fine,
    /// Worth a look. The agency starts.
    Warning,
    /// The agency does not start, or does not do what it should.
    Failed,
    /// Nothing was looked at.
    Skipped,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Failed => "FAILED",
            Self::Skipped => "skipped",
        }
    }
}

/// One row: how it ended, what was looked at, and what to know about it.
#[derive(Debug)]
struct Row {
    verdict: Verdict,
    subject: String,
    text: String,
}

/// The rows so far.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Row>);

impl Report {
    pub(super) fn fine(&mut self, subject: impl Into<String>, text: impl fmt::Display) {
        self.add(Verdict::Fine, subject, text);
    }

    pub(super) fn warning(&mut self, subject: impl Into<String>, text: impl fmt::Display) {
        self.add(Verdict::Warning, subject, text);
    }

    pub(super) fn failed(&mut self, subject: impl Into<String>, text: impl fmt::Display) {
        self.add(Verdict::Failed, subject, text);
    }

    pub(super) fn skipped(&mut self, subject: impl Into<String>, text: impl fmt::Display) {
        self.add(Verdict::Skipped, subject, text);
    }

    fn add(&mut self, verdict: Verdict, subject: impl Into<String>, text: impl fmt::Display) {
        let subject: String = subject.into();
        // Errors begin with the setting, which has a column of its own.
        let text = text.to_string().replace('\n', " ");
        let text = text.strip_prefix(&format!("{subject}: ")).unwrap_or(&text);
        self.0.push(Row {
            verdict,
            text: text.to_owned(),
            subject,
        });
    }

    /// How many rows failed.
    pub(super) fn failures(&self) -> usize {
        let failed = |row: &&Row| row.verdict == Verdict::Failed;
        self.0.iter().filter(failed).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.0.iter().map(|row| row.subject.chars().count());
        let width = widths.max().unwrap_or_default();
        for row in &self.0 {
            let (word, subject) = (row.verdict.word(), &row.subject);
            writeln!(f, "{word:<7}  {subject:<width$}  {}", row.text)?;
        }
        Ok(())
    }
}
