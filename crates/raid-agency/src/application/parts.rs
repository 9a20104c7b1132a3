//! Each part's own settings and pieces, made from the configuration.

use super::Role;
use super::forgetting::Kept;
use crate::keys;
use crate::orcid::{self, CallLog, Hosts};
use crate::secrets;
use crate::settings::{Environment, FormerVersions, MailTransport, Mode, Settings, SmtpTls, Span};
use anyhow::bail;
use orcid_client::Client;
use orcid_inbox::{
    AnnouncementReconciler, EmailReconciler, Inbox, PermissionReconciler, Signer, SmtpServer, Tls,
    Transport,
};
use raid_model::AddressPrefixError;
use raid_model::membership::MembershipPolicy;
use raid_model::permission::{ContactBudget, PermissionRules};
use raid_registry::{BoundaryReconciler, EmbargoReconciler, Limits, Rate};
use reconciler::{Reconcile, Schedule};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store::agency_keys::Purpose;
use sync_worker::{MembershipReconciler, ReleaseReconciler, SweepReconciler};

pub(super) fn registry_settings(settings: &Settings) -> anyhow::Result<raid_registry::Settings> {
    let auth = super::issuers::of(settings)?;
    let agency = &settings.agency;
    let membership = membership_policy(settings)?;
    let addresses = membership.addresses.clone();
    let mut registry =
        raid_registry::Settings::new(addresses, agency.ror, agency.prefix.clone(), auth);
    registry.first_service_point = agency.first_service_point();
    registry.public_url = settings.server.public_url.to_string();
    registry.app_clients.clone_from(&settings.auth.app_clients);
    registry.licence.clone_from(&agency.licence);
    settings
        .orcid
        .environment
        .orcid_prefix()
        .clone_into(&mut registry.orcid_prefix);
    // Today's web app sends iDs of the sandbox wherever it is not production's.
    registry.other_orcid_prefix = (settings.orcid.environment == Environment::Simulator)
        .then(|| Environment::Sandbox.orcid_prefix().to_owned());
    registry.limits = settings.validation.limits;
    registry.person_ids = settings.validation.person_ids;
    registry.existence = super::existence::of(settings)?;
    registry.orcid = (settings.orcid.mode == Mode::Own).then_some(membership);
    registry.contact_budget = contact_budget(settings);
    registry.settle_delay = settings.sync.settle_delay;
    registry.body_limit = settings.server.body_limit;
    registry
        .cors_origins
        .clone_from(&settings.server.cors_origins);
    let memory = settings.memory_shares();
    registry.memory = raid_registry::Memory {
        records: memory.records,
        service_points: memory.service_points,
        api_tokens: memory.api_tokens,
        token_uses: memory.token_uses,
        signed_tokens: memory.signed_tokens,
    };
    registry.change_feed.waiting_each = settings.limits.long_polls;
    registry.invitation_lifetime = agency.invitation_lifetime;
    registry.quotas = (&settings.quotas).into();
    registry.new_service_point_trust = agency.new_service_point_trust;
    registry.former_versions_are_open = agency.former_versions == FormerVersions::Everybody;
    registry.withdrawal_grace = agency.withdrawal_grace;
    Ok(registry)
}

/// How much callers may ask of this process.
pub(super) fn limits(settings: &Settings) -> Limits {
    let limits = &settings.limits;
    Limits {
        clients: Rate {
            per_second: limits.per_second,
            burst: limits.burst,
        },
        anonymous: Rate {
            per_second: limits.anonymous_per_second,
            burst: limits.anonymous_burst,
        },
        large_answers: limits.large_answers,
        memory: settings.memory_shares().callers,
        trusted_proxy: settings.server.trusted_proxy,
    }
}

/// What is written to ORCID records, and where it links to.
pub(crate) fn membership_policy(
    settings: &Settings,
) -> Result<MembershipPolicy, AddressPrefixError> {
    Ok(MembershipPolicy {
        write_embargoed: settings.sync.write_embargoed,
        addresses: settings.addresses()?,
    })
}

pub(super) fn runner_settings(settings: &Settings, node: String) -> reconciler::Settings {
    let worker = &settings.worker;
    reconciler::Settings {
        node,
        slots: worker.slots,
        lease: worker.lease,
        poll: worker.poll,
        schedule: Schedule::new(worker.retry.iter().map(|s| s.0).collect(), worker.max_tries),
        outage_probe: worker.outage_probe,
    }
}

/// How long what is kept for a time is kept.
pub(super) fn kept(settings: &Settings) -> Kept {
    Kept {
        calls: settings.orcid.calls_kept,
        failed_calls: settings.orcid.failed_calls_kept,
    }
}

/// What is left to a worker, with ORCID or without.
pub(super) fn store_reconcilers(
    settings: &Settings,
    store: &Store,
    roles: &BTreeSet<Role>,
) -> Result<Vec<Arc<dyn Reconcile>>, AddressPrefixError> {
    if !roles.contains(&Role::Worker) {
        return Ok(Vec::new());
    }
    let embargoes = EmbargoReconciler::new(store.clone(), settings.sync.settle_delay);
    let boundaries = BoundaryReconciler::new(store.clone());
    let policy = match settings.orcid.mode {
        Mode::Own => Some(membership_policy(settings)?),
        Mode::Off => None,
    };
    let sweep = SweepReconciler::new(store.clone(), policy, settings.worker.sweep_every);
    let releases = ReleaseReconciler::new(store.clone(), (&settings.quotas).into());
    Ok(vec![
        Arc::new(embargoes),
        Arc::new(boundaries),
        Arc::new(releases),
        Arc::new(sweep),
    ])
}

/// What talks to people and to ORCID, as far as this process runs it.
pub(super) struct OrcidParts {
    pub(super) client: Arc<Client>,
    pub(super) inbox: Option<Inbox>,
    pub(super) reconcilers: Vec<Arc<dyn Reconcile>>,
}

/// What signs links and verifies those that former keys signed. The database is tied to these keys.
pub(super) async fn signer(settings: &Settings, store: &Store) -> anyhow::Result<Signer> {
    let keys = keys::claim(store, settings, Purpose::Links).await?;
    let keys = keys.iter().map(|key| key.to_vec().into());
    Ok(Signer::new(keys, settings.orcid.environment.as_str()))
}

/// The parts of a process; the roles of the inbox need a `signer`.
pub(super) fn orcid_parts(
    settings: &Settings,
    store: &Store,
    log: CallLog,
    roles: &BTreeSet<Role>,
    signer: Option<Signer>,
) -> anyhow::Result<OrcidParts> {
    let hosts = Hosts::of(settings)?;
    let limiter = orcid::limiter(settings, store);
    let client = Arc::new(orcid::client(settings, &hosts, limiter, log)?);
    let mut parts = OrcidParts {
        client: client.clone(),
        inbox: None,
        reconcilers: Vec::new(),
    };
    if let Some(signer) = signer {
        let asking = Arc::new(inbox_settings(settings, &hosts)?);
        parts.reconcilers.push(Arc::new(PermissionReconciler::new(
            store.clone(),
            client.clone(),
            asking.clone(),
            signer.clone(),
        )));
        parts.reconcilers.push(Arc::new(AnnouncementReconciler::new(
            store.clone(),
            client.clone(),
            asking.clone(),
            signer.clone(),
        )));
        parts.reconcilers.push(Arc::new(EmailReconciler::new(
            store.clone(),
            asking.clone(),
            signer.clone(),
            &settings.mail.from,
            mail_transport(settings)?,
        )?));
        let prefix = settings.orcid.environment.orcid_prefix();
        parts.inbox = Some(Inbox::new(
            store.clone(),
            client.clone(),
            asking,
            signer,
            prefix,
        ));
    }
    if roles.contains(&Role::Worker) {
        let policy = membership_policy(settings)?;
        let delay = settings.sync.ask_delay;
        let quotas = (&settings.quotas).into();
        let worker = MembershipReconciler::new(store.clone(), client, policy, quotas, delay);
        parts.reconcilers.push(Arc::new(worker));
    }
    Ok(parts)
}

fn inbox_settings(settings: &Settings, hosts: &Hosts) -> anyhow::Result<orcid_inbox::Settings> {
    let p = &settings.permissions;
    Ok(orcid_inbox::Settings {
        public_url: settings.server.public_url.get().clone(),
        agency_name: settings.agency.name.clone(),
        contact: settings.agency.contact.clone(),
        trusted_parties_url: hosts.web.join("/trusted-parties")?,
        link_lifetime: p.link_lifetime,
        visit_lifetime: p.visit_lifetime,
        rules: PermissionRules {
            remind_after: p.remind_after,
            budget: contact_budget(settings),
            ask_delay: settings.sync.ask_delay,
            confirm_after: durations(&p.confirm_after),
            breaker_window: p.breaker_window,
            retry_revoked_after: durations(&p.retry_revoked_after),
            probe_every: p.probe_every,
            recheck_after: p.recheck_after,
            forget_after: p.forget_after,
        },
        announcements: p.announcements,
        objections_alarm: settings.quotas.objections_alarm,
        membership: membership_policy(settings)?,
    })
}

/// How often a person may be asked.
pub(crate) fn contact_budget(settings: &Settings) -> ContactBudget {
    ContactBudget {
        requests: settings.permissions.requests,
        window: settings.permissions.window,
    }
}

/// Reads the secrets that others gave this agency, to learn early that one cannot be had.
///
/// # Errors
/// Names the setting or file.
pub(super) fn check_secrets(settings: &Settings) -> anyhow::Result<()> {
    super::existence::of(settings)?;
    if settings.orcid.mode == Mode::Own {
        // The simulator's are made later, with the folder.
        if settings.orcid.environment != Environment::Simulator {
            orcid::Credentials::of(settings)?;
        }
        mail_transport(settings)?;
    }
    Ok(())
}

fn durations(spans: &[Span]) -> Vec<Duration> {
    spans.iter().map(|span| span.0).collect()
}

pub(crate) fn mail_transport(settings: &Settings) -> anyhow::Result<Transport> {
    let mail = &settings.mail;
    Ok(match mail.transport {
        MailTransport::Files => Transport::Files(settings.in_data(&mail.folder, "mail")),
        MailTransport::Smtp => {
            let password = secrets::configured(&mail.smtp_password, &mail.smtp_password_file)?;
            Transport::Smtp(SmtpServer {
                host: mail.smtp_host.clone(),
                port: mail.smtp_port,
                tls: match mail.smtp_tls {
                    SmtpTls::Required => Tls::Required,
                    SmtpTls::Implicit => Tls::Implicit,
                    SmtpTls::None => Tls::None,
                },
                credentials: match (mail.smtp_user.as_str(), password) {
                    ("", _) => None,
                    (_, None) => bail!("mail.smtp_password must be set with mail.smtp_user"),
                    (user, Some(password)) => Some((user.to_owned(), password)),
                },
                timeout: mail.timeout,
            })
        }
    })
}
