//! How other registries are asked whether identifiers exist, from the configuration.

use crate::secrets;
use crate::settings::{ResolverMode, Settings, WhenUnavailable};
use raid_registry::Existence;
use resolvers::Services;
use url::Url;

pub(super) fn of(settings: &Settings) -> anyhow::Result<Existence> {
    let own = &settings.resolvers;
    if own.mode == ResolverMode::Offline {
        return Ok(Existence::Offline);
    }
    let orcid = match &own.orcid_url.0 {
        Some(configured) => configured.get().clone(),
        None => Url::parse(settings.orcid.environment.orcid_public_api())?,
    };
    let memory = settings.memory_shares();
    let resolvers = resolvers::Settings {
        services: Services {
            orcid,
            isni: own.isni_url.get().clone(),
            ror: own.ror_url.get().clone(),
            doi: own.doi_url.get().clone(),
            handle: own.handle_url.get().clone(),
            rrid: own.rrid_url.get().clone(),
            web_archive: own.web_archive_url.get().clone(),
            geonames: own.geonames_url.get().clone(),
            openstreetmap: own.openstreetmap_url.get().clone(),
        },
        orcid_token: secrets::configured(&own.orcid_token, &own.orcid_token_file)?,
        ror_client_id: secrets::configured(&own.ror_client_id, &own.ror_client_id_file)?,
        geonames_user: secrets::configured(&own.geonames_user, &own.geonames_user_file)?,
        user_agent: format!(
            "raid-agency/{} (+{})",
            env!("CARGO_PKG_VERSION"),
            settings.server.public_url
        ),
        connect_timeout: own.connect_timeout,
        call_timeout: own.call_timeout,
        check_timeout: own.check_timeout,
        tries: own.tries,
        retry_pause: own.retry_pause,
        parallel: own.parallel,
        most_ids: own.most_ids,
        found_ttl: own.found_ttl,
        missing_ttl: own.missing_ttl,
        identifiers_memory: memory.identifiers,
        names_memory: memory.names,
    };
    Ok(Existence::Online {
        resolvers: Box::new(resolvers),
        when_unavailable: match own.when_unavailable {
            WhenUnavailable::Refuse => raid_registry::WhenUnavailable::Refuse,
            WhenUnavailable::Accept => raid_registry::WhenUnavailable::Accept,
        },
    })
}
