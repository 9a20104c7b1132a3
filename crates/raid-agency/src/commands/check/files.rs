//! Folders, secrets and keys.

use super::report::Report;
use crate::application::folders;
use crate::keys;
use crate::private_files::open_ones;
use crate::settings::{MailTransport, Secret, Settings};
use std::path::{Path, PathBuf};
use store::agency_keys::Purpose;

pub(super) fn look(settings: &Settings, report: &mut Report) {
    let folder = &settings.data.folder;
    if folder.is_dir() {
        match folders::check(settings) {
            Ok(()) => report.fine("data.folder", folder.display()),
            Err(error) => report.failed(error.setting(), &error),
        }
    } else {
        look_at_new_folder("data.folder", folder, report);
    }
    look_at_secrets(settings, report);
    look_at_keys(settings, report);
    if settings.mail.transport == MailTransport::Files {
        let mails = settings.in_data(&settings.mail.folder, "mail");
        report.warning(
            "mail.folder",
            format!("mails are files in {}", mails.display()),
        );
    }
    for open in open_ones(settings) {
        report.warning(open.path.display().to_string(), open.advice());
    }
}

/// A folder that is made at the first start, which needs one above it that exists.
fn look_at_new_folder(setting: &str, folder: &Path, report: &mut Report) {
    let shown = folder.display();
    if folder.exists() {
        return report.failed(setting, format!("{shown} is not a folder"));
    }
    let above = folder.ancestors().skip(1).find(|above| above.exists());
    match above {
        Some(above) if !above.is_dir() => {
            report.failed(setting, format!("{} is not a folder", above.display()));
        }
        _ => report.warning(
            setting,
            format!("{shown} is not there; it is made at the first start, with new keys"),
        ),
    }
}

fn look_at_secrets(settings: &Settings, report: &mut Report) {
    let (orcid, mail, resolvers) = (&settings.orcid, &settings.mail, &settings.resolvers);
    let files: [(&str, &Secret, &PathBuf); 5] = [
        (
            "orcid.client_secret_file",
            &orcid.client_secret,
            &orcid.client_secret_file,
        ),
        (
            "mail.smtp_password_file",
            &mail.smtp_password,
            &mail.smtp_password_file,
        ),
        (
            "resolvers.orcid_token_file",
            &resolvers.orcid_token,
            &resolvers.orcid_token_file,
        ),
        (
            "resolvers.ror_client_id_file",
            &resolvers.ror_client_id,
            &resolvers.ror_client_id_file,
        ),
        (
            "resolvers.geonames_user_file",
            &resolvers.geonames_user,
            &resolvers.geonames_user_file,
        ),
    ];
    for (setting, value, file) in files {
        if file.as_os_str().is_empty() {
            continue;
        }
        if !value.is_empty() {
            let text = "is not read, as the secret itself is configured too";
            report.warning(setting, text);
            continue;
        }
        match std::fs::read_to_string(file) {
            Ok(text) if text.trim().is_empty() => {
                report.failed(setting, format!("{} is empty", file.display()));
            }
            Ok(_) => report.fine(setting, file.display()),
            Err(error) => report.failed(setting, format!("{}: {error}", file.display())),
        }
    }
}

fn look_at_keys(settings: &Settings, report: &mut Report) {
    for (setting, purpose) in [
        ("keys.sealing", Purpose::Sealing),
        ("keys.links", Purpose::Links),
        ("keys.tokens", Purpose::Tokens),
    ] {
        match keys::find(settings, purpose).map(|found| found.current.is_some()) {
            Ok(true) => report.fine(setting, "can be read"),
            Ok(false) if setting == "keys.tokens" && !settings.auth.local => {
                report.skipped(setting, "not needed with auth.local = false");
            }
            Ok(false) => report.warning(setting, "is made at the first start"),
            Err(error) => report.failed(setting, error),
        }
    }
}
