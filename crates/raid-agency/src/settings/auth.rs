//! `[auth]`: whose tokens are accepted, and what they may give.

use super::values::bounded;
use super::{Mistakes, WebAddress};
use raid_registry::auth::{KEY_REFRESHES, Role};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

section! {
    /// `[auth]`
    Auth {
        local: bool,
        local_issuer: String,
        issuers: Vec<Issuer>,
        former_issuer: String,
        #[serde(with = "bounded")]
        keys_pause: Duration,
        #[serde(with = "bounded")]
        keys_max_age: Duration,
        app_clients: Vec<String>,
    }
}
section! {
    /// One of `[[auth.issuers]]`
    Issuer {
        issuer: String,
        #[serde(default)]
        audience: Option<String>,
        #[serde(default)]
        any_audience: bool,
        #[serde(default)]
        scoped_roles: bool,
        #[serde(default)]
        roles: Option<Vec<String>>,
        #[serde(default)]
        groups: Vec<String>,
    }
}

impl Auth {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if self.keys_max_age < self.keys_pause * KEY_REFRESHES {
            let why = "must be at least three times auth.keys_pause";
            mistakes.refuse("auth.keys_max_age", why);
        }
        // Tokens for programs have this issuer, whether signed local ones are accepted or not.
        let mut names = BTreeSet::from([self.local_issuer.as_str()]);
        for issuer in &self.issuers {
            if !names.insert(&issuer.issuer) {
                let why = format!("{} is there twice: tokens name one issuer", issuer.issuer);
                mistakes.refuse("auth.issuers.issuer", why);
            }
            issuer.check(mistakes);
        }
    }

    /// The roles that an issuer's tokens may give. Of several issuers none gives a role that holds at
    /// every service point unless its settings name that role.
    pub fn roles_of(&self, issuer: &Issuer) -> Vec<Role> {
        if let Some(names) = &issuer.roles {
            return names.iter().filter_map(|name| name.parse().ok()).collect();
        }
        let is_alone = self.issuers.len() == 1;
        let may_give = |role: &&Role| is_alone || !role.is_agency_wide();
        Role::ALL.iter().filter(may_give).copied().collect()
    }

    /// Every issuer whose tokens are accepted.
    pub fn accepted(&self) -> Vec<&str> {
        let local = self.local.then_some(self.local_issuer.as_str());
        let others = self.issuers.iter().map(|issuer| issuer.issuer.as_str());
        local.into_iter().chain(others).collect()
    }
}

impl Issuer {
    fn check(&self, mistakes: &mut Mistakes) {
        let name = &self.issuer;
        if let Err(error) = name.parse::<WebAddress>() {
            mistakes.refuse("auth.issuers.issuer", error.to_string());
        }
        let audience = self.audience.as_deref().filter(|it| !it.is_empty());
        match (audience, self.any_audience) {
            (None, false) => {
                let why = format!(
                    "must be set for {name}: else the tokens that it issues for other \
                     applications count here. If they shall, set auth.issuers.any_audience"
                );
                mistakes.refuse("auth.issuers.audience", why);
            }
            (Some(_), true) => {
                let why = format!("must not be set for {name} beside an audience");
                mistakes.refuse("auth.issuers.any_audience", why);
            }
            _ => {}
        }
        for role in self.roles.iter().flatten() {
            if let Err(unknown) = role.parse::<Role>() {
                let why = format!("of {name}: \"{role}\" is {unknown}");
                mistakes.refuse("auth.issuers.roles", why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Auth, Mistakes, Role};

    /// `[auth]` with these issuers.
    fn auth(issuers: &str) -> Auth {
        let text = format!(
            "local = true\nlocal_issuer = \"agency\"\nformer_issuer = \"\"\nkeys_pause = \"1m\"\n\
             keys_max_age = \"15m\"\napp_clients = []\n{issuers}"
        );
        toml::from_str(&text).unwrap()
    }

    const ONE: &str = "[[issuers]]\nissuer = \"https://one.example\"\naudience = \"raid-api\"\n";
    const OTHER: &str = "[[issuers]]\nissuer = \"https://other.example\"\nany_audience = true\n";

    #[test]
    fn an_audience_is_given_or_done_without_by_name() {
        let is_right = |text: &str| {
            let mut mistakes = Mistakes::default();
            auth(text).check(&mut mistakes);
            mistakes.is_empty()
        };
        assert!(is_right(ONE));
        assert!(is_right(OTHER));
        for wrong in [
            "[[issuers]]\nissuer = \"https://one.example\"\n".to_owned(),
            "[[issuers]]\nissuer = \"https://one.example\"\naudience = \"\"\n".to_owned(),
            format!("{ONE}any_audience = true\n"),
            format!("{ONE}roles = [\"Operator\"]\n"),
            format!("{ONE}{ONE}"),
            ONE.replace("https:", "javascript:"),
        ] {
            assert!(!is_right(&wrong), "{wrong}");
        }
    }

    #[test]
    fn of_several_issuers_each_gives_what_is_named() {
        let roles = |auth: &Auth| -> Vec<Vec<Role>> {
            let issuers = auth.issuers.iter();
            issuers.map(|issuer| auth.roles_of(issuer)).collect()
        };
        assert_eq!(roles(&auth(ONE)), [Role::ALL]);
        let both = auth(&format!("{ONE}{OTHER}roles = [\"operator\"]\n"));
        assert_eq!(
            both.accepted(),
            ["agency", "https://one.example", "https://other.example"]
        );
        let [one, other] = &roles(&both)[..] else {
            panic!("two issuers");
        };
        assert_eq!(other, &[Role::Operator]);
        assert!(one.contains(&Role::ServicePointUser) && one.contains(&Role::RaidUser));
        assert!(!one.iter().any(|role| role.is_agency_wide()));
        assert_eq!(
            roles(&auth(&format!("{ONE}roles = []\n"))),
            [Vec::<Role>::new()]
        );
    }
}
