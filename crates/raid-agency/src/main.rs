//! The registration agency's command line.

use clap::Parser as _;
use raid_agency::causes::with_causes;
use raid_agency::commands::CommandLine;
use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    match CommandLine::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("raid-agency: {}", with_causes(e.as_ref()));
            ExitCode::FAILURE
        }
    }
}
