//! A running agency: the real binary in a process of its own.

use crate::binary::program;
use crate::client::Client;
use crate::stage::Stage;
use crate::wait::{eventually, random_moment};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the process says when it listens.
const GREETING: &str = "RAiD registration agency: ";
/// What the next line says, where it answers those who watch it.
const READY: (&str, &str) = ("  is it ready?   ", "/health/ready");
/// What its complaint begins with, where it does not start.
const COMPLAINT: &str = "raid-agency: ";
/// Tries to start where the port was taken by another process.
const STARTS: usize = 20;

/// A process that serves. Dropping it kills it.
pub struct Agency<'a> {
    stage: &'a Stage,
    configs: Vec<PathBuf>,
    arguments: Vec<String>,
    address: String,
    internal: Option<String>,
    log: PathBuf,
    child: Option<Child>,
}

impl<'a> Agency<'a> {
    /// Starts the first process on a stage, on the first of its ports that is free.
    pub(crate) async fn first(stage: &'a Stage, roles: &str, settings: &str) -> Self {
        match Self::try_first(stage, roles, settings) {
            Ok(agency) => {
                agency.wait_until_ready().await;
                agency
            }
            Err(refused) => panic!("the agency does not start: {refused}"),
        }
    }

    /// As [`Self::first`], but gives what the process complained about when none starts.
    pub(crate) fn try_first(stage: &'a Stage, roles: &str, settings: &str) -> Result<Self, String> {
        let arguments = ["--role".to_owned(), roles.to_owned()];
        let mut last = String::new();
        for port in stage.ports() {
            let base = stage.base_config(*port);
            let mut agency = Self::described(stage, &base, settings, &arguments);
            match agency.spawn() {
                Ok(()) => return Ok(agency),
                Err(refused) => last = refused,
            }
        }
        Err(last)
    }

    /// Starts a further process on the same database, with the same public address, that listens
    /// on a port of its own and runs some roles only, for instance `worker`.
    pub async fn second(&self, roles: &str) -> Agency<'a> {
        self.second_with(roles, "").await
    }

    /// As [`Self::second`], with further settings in TOML.
    pub async fn second_with(&self, roles: &str, settings: &str) -> Agency<'a> {
        let base = std::fs::read_to_string(&self.configs[0]).expect("the configuration");
        let bind = self.address.trim_start_matches("http://");
        let base = base.replace(&format!("bind = \"{bind}\""), "bind = \"127.0.0.1:0\"");
        let mut more = std::fs::read_to_string(&self.configs[1]).expect("the configuration");
        more.push_str(settings);
        let arguments = ["--role".to_owned(), roles.to_owned()];
        let mut agency = Self::described(self.stage, &base, &more, &arguments);
        if let Err(refused) = agency.spawn() {
            panic!("the second process does not start: {refused}");
        }
        agency.wait_until_ready().await;
        agency
    }

    fn described(stage: &'a Stage, base: &str, more: &str, arguments: &[String]) -> Self {
        let number = stage.next_number();
        Self {
            stage,
            configs: vec![
                stage.write_config("agency", number, base),
                stage.write_config("agency-more", number, more),
            ],
            arguments: arguments.to_vec(),
            address: String::new(),
            internal: None,
            log: stage.folder().join(format!("agency-{number}.log")),
            child: None,
        }
    }

    /// Starts the process and learns where it listens; fails with what it complained about.
    fn spawn(&mut self) -> Result<(), String> {
        let (mut command, log) = self.command();
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("its output");
        self.child = Some(child);
        if let Some((address, internal)) = addresses_from(stdout, log) {
            (self.address, self.internal) = (address, internal);
            return Ok(());
        }
        self.reap();
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        // The complaint may have several lines.
        let complaint = log.rfind(COMPLAINT).map_or(log.as_str(), |at| &log[at..]);
        Err(complaint.trim_end().to_owned())
    }

    fn command(&self) -> (Command, File) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("a log file");
        let mut command = program(self.stage.folder(), &self.configs);
        command
            .arg("serve")
            .args(&self.arguments)
            .stderr(log.try_clone().expect("a log file"));
        (command, log)
    }

    async fn wait_until_ready(&self) {
        let (client, path) = match &self.internal {
            Some(_) => (self.watcher(), "/health/ready"),
            None => (Client::new(&self.address, None), "/health/live"),
        };
        eventually("the agency to be ready", async || {
            let reply = client.send(reqwest::Method::GET, path, None).await;
            reply.ok().filter(|r| r.status == 200)
        })
        .await;
    }

    /// Where it listens, as an address without a slash at the end.
    pub fn url(&self) -> &str {
        &self.address
    }

    /// Health and metrics, for those who watch the process.
    ///
    /// # Panics
    /// When it was started without.
    pub fn watcher(&self) -> Client {
        Client::new(self.internal.as_ref().expect("an internal address"), None)
    }

    /// The number of its process.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// The API, for a user of the first service point.
    pub fn client(&self) -> Client {
        let path = self.stage.data().join("demo.token");
        let token = std::fs::read_to_string(path).expect("the token of the demo");
        Client::new(&self.address, Some(token.trim().to_owned()))
    }

    /// Ends the process as `kill -9` does: at once, without a chance to finish anything.
    pub fn kill_9(&mut self) {
        self.reap();
    }

    /// Asks the process to end (SIGTERM), waits until it has, and says how it did.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.ask_to_end();
        let child = self.child.as_mut().expect("a running process");
        let status = eventually("the process to end", async || {
            child.try_wait().expect("the state of the process")
        })
        .await;
        self.child = None;
        status
    }

    /// Asks the process to end (SIGTERM), without waiting.
    pub fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Starts the process again, at the same address, after it ended in whichever way.
    pub async fn restart(&mut self) {
        self.reap();
        let mut last = String::new();
        for _ in 0..STARTS {
            match self.spawn() {
                Ok(()) => return self.wait_until_ready().await,
                Err(refused) => last = refused,
            }
        }
        panic!("the agency does not start again: {last}");
    }

    /// Starts the process and kills it within so long, however far its start has come by then.
    pub async fn false_start(&mut self, at_most: Duration) {
        self.reap();
        let (mut command, log) = self.command();
        let child = command.stdout(log).spawn().expect("the program starts");
        self.child = Some(child);
        random_moment(at_most).await;
        self.reap();
    }

    /// Holds the process still, as a machine does that is out of memory or moved: it keeps its
    /// leases and connections, and knows nothing of the time that goes by.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("a running process");
        kill_process(Pid::from_child(child), signal).expect("a signal to our own process");
    }

    /// A line of `/metrics`: the count of a sample such as
    /// `raid_tasks{kind="membership",state="due"}`, whatever the order of its labels.
    pub async fn metric(&self, sample: &str) -> u64 {
        let text = self.watcher().get("/metrics").await.text;
        let wanted = labels_of(sample);
        let found = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .find_map(|line| {
                let (name, value) = line.rsplit_once(' ')?;
                (labels_of(name) == wanted).then(|| value.parse().ok())?
            });
        found.unwrap_or_else(|| panic!("no metric {sample} in:\n{text}"))
    }

    /// Waits until no entry and no mail is due any more. (Permissions always have a next look.)
    pub async fn rest(&self) {
        eventually("the agency to be at rest", async || {
            let memberships = self
                .metric(r#"raid_tasks{kind="membership",state="due"}"#)
                .await;
            let mails = self.metric(r#"raid_tasks{kind="email",state="due"}"#).await;
            (memberships + mails == 0).then_some(())
        })
        .await;
    }

    fn reap(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A process that has ended already needs no signal.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Drop for Agency<'_> {
    fn drop(&mut self) {
        self.reap();
    }
}

/// Reads until the greeting and the line after it: where the process listens, and where those ask who
/// watch it, if they can. What follows goes on into the log. Nothing when the process ended.
fn addresses_from(stdout: ChildStdout, mut log: File) -> Option<(String, Option<String>)> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut address = None;
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(greeted) = line.strip_prefix(GREETING) {
                address = Some(greeted.trim().to_owned());
            } else if let Some(ready) = line.strip_prefix(READY.0)
                && let Some(address) = address.take()
            {
                let internal = ready.strip_suffix(READY.1).map(str::to_owned);
                // Nobody may wait any more.
                drop(sender.send((address, internal)));
            }
            drop(writeln!(log, "{line}"));
        }
    });
    receiver.recv().ok()
}

/// A sample's name and labels, in one order.
fn labels_of(sample: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = sample
        .split(['{', '}', ','])
        .filter(|part| !part.is_empty())
        .collect();
    parts.sort_unstable();
    parts
}
