//! What is wrong with a configuration: all of it, so that one look is enough.

use std::fmt;

/// A setting that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Its name, such as `mail.transport`.
    pub setting: String,
    /// Why it is refused, and what to do.
    pub why: String,
}

/// The settings that are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Refuses a setting.
    pub fn refuse(&mut self, setting: impl Into<String>, why: impl Into<String>) {
        self.0.push(Mistake {
            setting: setting.into(),
            why: why.into(),
        });
    }

    /// Refuses a setting unless it is as it should be.
    pub fn refuse_unless(&mut self, is_right: bool, setting: &str, why: &str) {
        if !is_right {
            self.refuse(setting, why);
        }
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = &self.0[..] {
            return write!(f, "{only}");
        }
        write!(f, "{} settings are refused", self.0.len())?;
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.why)
    }
}
