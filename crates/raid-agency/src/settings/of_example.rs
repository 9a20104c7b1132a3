//! What is still as the example for production has it: it is nobody's, so each agency has its own.

use super::{Settings, SettingsError, TOML};

const EXAMPLE: &str = include_str!("../../../../config/production.example.toml");

impl Settings {
    /// The settings that are still those of `config/production.example.toml`, where each agency has others.
    ///
    /// # Errors
    /// None, as the tests load the example.
    pub fn of_example(&self) -> Result<Vec<String>, SettingsError> {
        let source = config::File::from_str(EXAMPLE, TOML);
        let builder = super::default_configuration().add_source(source);
        let example: Self = builder.build()?.try_deserialize()?;
        let (agency, theirs) = (&self.agency, &example.agency);
        let mut found: Vec<String> = [
            (
                "server.public_url",
                self.server.public_url == example.server.public_url,
            ),
            (
                "server.cors_origins",
                (self.server.cors_origins.iter())
                    .any(|own| example.server.cors_origins.contains(own)),
            ),
            ("agency.name", agency.name == theirs.name),
            ("agency.contact", agency.contact == theirs.contact),
            ("agency.ror", agency.ror == theirs.ror),
            ("agency.prefix", agency.prefix == theirs.prefix),
            (
                "agency.service_point_block",
                agency.service_point_block == theirs.service_point_block,
            ),
            (
                "orcid.client_id",
                self.orcid.client_id == example.orcid.client_id,
            ),
            ("mail.from", self.mail.from == example.mail.from),
            (
                "mail.smtp_host",
                self.mail.smtp_host == example.mail.smtp_host,
            ),
        ]
        .into_iter()
        .filter(|(_, is_theirs)| *is_theirs)
        .map(|(setting, _)| setting.to_owned())
        .collect();
        for (index, own) in self.service_points.iter().enumerate() {
            let is_theirs = example.service_points.iter().any(|theirs| {
                own.name == theirs.name
                    || own.identifier_owner == theirs.identifier_owner
                    || own.group_id == theirs.group_id
            });
            if is_theirs {
                found.push(format!("service_points[{index}]"));
            }
        }
        for own in &self.auth.issuers {
            let mut theirs = example.auth.issuers.iter();
            if theirs.any(|theirs| theirs.issuer == own.issuer) {
                found.push("auth.issuers.issuer".to_owned());
            }
        }
        Ok(found)
    }
}
