//! The registration agency's command line.

use clap::Parser as _;
use raid_agency::commands::CommandLine;
use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    match CommandLine::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("raid-agency: {e:#}");
            ExitCode::FAILURE
        }
    }
}
