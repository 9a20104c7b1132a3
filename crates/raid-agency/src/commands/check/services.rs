//! Services of others: ORCID, the issuers of tokens, the mail server. Whoever does not answer may be
//! away, which is a warning; whoever refuses is a failure.

use super::database::describe_clock;
use super::report::Report;
use crate::application::{mail_transport, oidc_issuers};
use crate::causes::with_causes;
use crate::orcid::{self, Hosts};
use crate::settings::{Environment, MailTransport, Mode, Settings};
use orcid_client::{Client, NoObserver, NoPace};
use raid_registry::auth::count_keys;
use reqwest::header::DATE;
use std::sync::Arc;
use std::time::Duration;
use store::Clock;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;

/// The longest wait for a page that is asked for its date only.
const DATE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn look(settings: &Settings, report: &mut Report) {
    look_at_orcid(settings, report).await;
    look_at_issuers(settings, report).await;
    look_at_mail(settings, report).await;
}

async fn look_at_orcid(settings: &Settings, report: &mut Report) {
    const SUBJECT: &str = "orcid.client_id";
    if settings.orcid.mode == Mode::Off {
        return report.skipped(SUBJECT, "orcid.mode is \"off\"");
    }
    if settings.simulator.enabled && settings.orcid.environment == Environment::Simulator {
        return report.skipped(SUBJECT, "the simulator starts with the agency");
    }
    let hosts = match Hosts::of(settings) {
        Ok(hosts) => hosts,
        Err(error) => return report.failed(SUBJECT, error),
    };
    let client = match orcid::client_settings(settings, &hosts) {
        Ok(own) => Client::new(own, Arc::new(NoPace), Arc::new(NoObserver)),
        Err(error) => return report.failed(SUBJECT, error),
    };
    let client = match client {
        Ok(client) => client,
        Err(error) => return report.failed(SUBJECT, error),
    };
    match client.check_credentials().await {
        Ok(()) => report.fine(SUBJECT, format!("ORCID ({}) gives it tokens", hosts.web)),
        Err(error) if error.status.is_none() => report.warning(SUBJECT, error),
        Err(error) => report.failed(SUBJECT, error),
    }
    look_at_clock("ORCID's clock", &hosts.web, report).await;
}

/// Compares the clock of a service, which it tells in the header of each answer.
async fn look_at_clock(whose: &str, url: &Url, report: &mut Report) {
    let client = reqwest::Client::builder()
        .timeout(DATE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    let Ok(client) = client.build() else { return };
    // Who does not answer has a row already.
    let Ok(answer) = client.head(url.clone()).send().await else {
        return;
    };
    let date = answer.headers().get(DATE).and_then(|it| it.to_str().ok());
    let told = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
    if let Some(told) = told {
        describe_clock(whose, told - Clock::system().now().assume_utc(), report);
    }
}

async fn look_at_issuers(settings: &Settings, report: &mut Report) {
    for issuer in oidc_issuers(&settings.auth) {
        let subject = format!("auth.issuers {}", issuer.issuer);
        match count_keys(&issuer, Clock::system()).await {
            Ok(0) => report.failed(subject, "it has no key that can be used"),
            Ok(keys) => {
                report.fine(subject, format!("{keys} keys that can be used"));
                if let Ok(url) = Url::parse(&issuer.issuer) {
                    let whose = format!("clock of {}", issuer.issuer);
                    look_at_clock(&whose, &url, report).await;
                }
            }
            Err(error) if error.is_unreachable() => report.warning(subject, with_causes(&error)),
            Err(error) => report.failed(subject, with_causes(&error)),
        }
    }
}

async fn look_at_mail(settings: &Settings, report: &mut Report) {
    if settings.orcid.mode == Mode::Off {
        return report.skipped("mail", "orcid.mode is \"off\": nobody is invited");
    }
    if let Err(error) = orcid_inbox::check_sender(&settings.mail.from) {
        report.failed("mail.from", error);
    }
    if settings.mail.transport == MailTransport::Files {
        return;
    }
    let host = format!("{}:{}", settings.mail.smtp_host, settings.mail.smtp_port);
    let transport = match mail_transport(settings) {
        Ok(transport) => transport,
        Err(error) => return report.failed("mail.smtp_password", error),
    };
    match orcid_inbox::check_mail_server(&transport).await {
        Ok(()) => report.fine("mail.smtp_host", format!("{host} greets and takes mail")),
        Err(error) if error.is_unreachable() => {
            report.warning("mail.smtp_host", format!("{host}: {}", with_causes(&error)));
        }
        Err(error) => report.failed("mail.smtp_host", format!("{host}: {}", with_causes(&error))),
    }
}
