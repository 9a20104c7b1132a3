//! The registration agency's command line.

use clap::Parser as _;
use raid_agency::commands::CommandLine;
use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    match CommandLine::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("raid-agency: {}", told(&e));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes. Some errors quote their cause; each is told once.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
