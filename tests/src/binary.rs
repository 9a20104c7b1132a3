//! The program under test, as a command.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The agency's binary of the same build as this test.
///
/// # Panics
/// When it is not built.
pub fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    let mut folder = own.parent().expect("the folder of this program");
    if folder.ends_with("deps") {
        folder = folder.parent().expect("the folder of the build");
    }
    let binary = folder.join("raid-agency");
    assert!(
        binary.is_file(),
        "{} is not there: run `make test`, or `cargo build --workspace` before the tests",
        binary.display()
    );
    binary
}

/// How a command ended.
#[derive(Debug)]
pub struct Finished {
    /// Whether it succeeded.
    pub success: bool,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Finished {
    /// What it printed, where it succeeded.
    ///
    /// # Panics
    /// When it failed.
    pub fn output(self) -> String {
        assert!(self.success, "the command failed: {}", self.stderr);
        self.stdout
    }

    /// What it complained about, where it failed.
    ///
    /// # Panics
    /// When it succeeded.
    pub fn complaint(self) -> String {
        assert!(
            !self.success,
            "the command succeeded, and printed: {}",
            self.stdout
        );
        self.stderr
    }
}

/// The program in `folder`, with no environment of this process: only what is given counts.
pub(crate) fn program(folder: &Path, configs: &[PathBuf]) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    for config in configs {
        command.arg("--config").arg(config);
    }
    command
}

/// Runs a command that ends by itself.
pub(crate) fn finish<A: AsRef<OsStr>>(mut command: Command, arguments: &[A]) -> Finished {
    let output = command
        .args(arguments)
        .output()
        .expect("the program starts");
    Finished {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
