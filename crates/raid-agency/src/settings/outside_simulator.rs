//! Rules that hold outside the simulator: an agency that serves researchers has a name, an identity and
//! addresses of its own, and nothing of the demo's.

use super::block::TEST_BLOCK;
use super::bounds::is_named;
use super::{Environment, MailTransport, Mistakes, Mode, ServicePoint, Settings};
use url::{Host, Url};

/// Why a setting of the demo's is refused.
const DEMO: &str = "is still the demo's";

impl Settings {
    /// Refuses what is the demo's, that is `demo`, and what is not encrypted.
    pub(super) fn check_outside_simulator(&self, demo: &Self, mistakes: &mut Mistakes) {
        let environment = self.orcid.environment;
        if environment == Environment::Simulator {
            return;
        }
        let is = format!("with orcid.environment = \"{}\"", environment.as_str());
        self.check_identity(demo, &is, mistakes);
        self.check_points_of_demo(demo, &is, mistakes);
        self.check_encryption(demo, &is, mistakes);
        if self.orcid.mode == Mode::Own {
            self.check_mail(demo, &is, mistakes);
            self.check_credentials(&is, mistakes);
        }
    }

    fn check_identity(&self, demo: &Self, is: &str, mistakes: &mut Mistakes) {
        let (own, demo) = (&self.agency, &demo.agency);
        let same = |own: &str, demo: &str| own.trim().eq_ignore_ascii_case(demo);
        for (is_demo, setting, what) in [
            (
                same(&own.name, &demo.name),
                "agency.name",
                "your agency's name",
            ),
            (
                same(&own.contact, &demo.contact),
                "agency.contact",
                "where people turn to with questions",
            ),
            (own.ror == demo.ror, "agency.ror", "your agency's ROR id"),
            (
                own.prefix == demo.prefix,
                "agency.prefix",
                "the prefix that your agency's handles have",
            ),
        ] {
            if is_demo {
                mistakes.refuse(setting, format!("{DEMO} {is}: set {what}"));
            }
        }
        if own.block() == Some(TEST_BLOCK) && own.ror != demo.ror {
            let why =
                format!("is the block for tests {is}: set the one that your agency was given");
            mistakes.refuse("agency.service_point_block", why);
        }
        if own.contact.trim().is_empty() {
            let why = format!("must not be empty {is}: set where people turn to with questions");
            mistakes.refuse("agency.contact", why);
        }
    }

    fn check_points_of_demo(&self, demo: &Self, is: &str, mistakes: &mut Mistakes) {
        for (index, own) in self.service_points.iter().enumerate() {
            let of_demo = demo
                .service_points
                .iter()
                .flat_map(|theirs| shared(own, theirs));
            let of_demo: Vec<&str> = of_demo.collect();
            if !of_demo.is_empty() {
                let what = of_demo.join(", ");
                let why = format!(
                    "{what}: still the demo's {is}: describe your own service point, or write \
                     service_points = [] above all sections and create it through the API"
                );
                mistakes.refuse(format!("service_points[{index}]"), why);
            }
        }
    }

    fn check_encryption(&self, demo: &Self, is: &str, mistakes: &mut Mistakes) {
        let agency = &self.agency;
        let landing = agency.landing_prefix.0.as_ref();
        for (is_https, setting) in [
            (self.server.public_url.is_https(), "server.public_url"),
            (agency.id_prefix.is_https(), "agency.id_prefix"),
            (
                landing.is_none_or(raid_model::AddressPrefix::is_https),
                "agency.landing_prefix",
            ),
        ] {
            if !is_https {
                mistakes.refuse(setting, format!("must be an https address {is}"));
            }
        }
        for issuer in &self.auth.issuers {
            if !is_safe(&issuer.issuer) {
                let why = format!("\"{}\" must be an https address {is}", issuer.issuer);
                mistakes.refuse("auth.issuers.issuer", why);
            }
        }
        for origin in &self.server.cors_origins {
            if demo.server.cors_origins.contains(origin) {
                let why = format!(
                    "\"{origin}\" {DEMO} {is}: name your own browser applications, or none with []"
                );
                mistakes.refuse("server.cors_origins", why);
            } else if !origin.starts_with("https:") {
                let why = format!("\"{origin}\" must be an https address {is}");
                mistakes.refuse("server.cors_origins", why);
            }
        }
    }

    /// Before the database is opened, since it belongs to the environment from then on.
    fn check_credentials(&self, is: &str, mistakes: &mut Mistakes) {
        let orcid = &self.orcid;
        if orcid.client_id.is_empty() {
            let why = format!("must be set {is}: the id that ORCID gave your agency (APP-…)");
            mistakes.refuse("orcid.client_id", why);
        }
        if orcid.client_secret.is_empty() && !is_named(&orcid.client_secret_file) {
            let why = format!("must be set {is}, or orcid.client_secret_file");
            mistakes.refuse("orcid.client_secret", why);
        }
    }

    /// Invitations that are answered with 201 must leave the machine.
    fn check_mail(&self, demo: &Self, is: &str, mistakes: &mut Mistakes) {
        let mail = &self.mail;
        if mail.transport == MailTransport::Files {
            let why = format!("must be \"smtp\" {is}: with \"files\" nobody gets their mail");
            mistakes.refuse("mail.transport", why);
        }
        if mail.from == demo.mail.from {
            let why = format!("{DEMO} {is}: set the sender of your agency's mails");
            mistakes.refuse("mail.from", why);
        }
    }
}

/// Whether nobody between can exchange what a service says. Addresses that cannot be read are refused
/// elsewhere.
fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return true;
    };
    let is_here = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || is_here
}

/// The settings of a service point that are another one's.
fn shared(own: &ServicePoint, theirs: &ServicePoint) -> Vec<&'static str> {
    let same = |own: &Option<String>, theirs: &Option<String>| own.is_some() && own == theirs;
    let all = [
        ("name", own.name == theirs.name),
        ("group_id", own.group_id == theirs.group_id),
        (
            "identifier_owner",
            own.identifier_owner == theirs.identifier_owner,
        ),
        ("prefix", own.prefix == theirs.prefix),
        ("admin_email", same(&own.admin_email, &theirs.admin_email)),
        ("tech_email", same(&own.tech_email, &theirs.tech_email)),
    ];
    let shared = all.into_iter().filter(|(_, is_shared)| *is_shared);
    shared.map(|(setting, _)| setting).collect()
}
