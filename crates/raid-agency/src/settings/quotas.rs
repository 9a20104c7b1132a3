//! `[quotas]`

use serde::{Deserialize, Serialize};

/// `[quotas]`
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "config/default.toml describes every setting, once"
)]
pub struct Quotas {
    pub new_people_per_day: u32,
    pub new_people_per_raid: u32,
    pub mails_per_day: u32,
    pub mails_per_address_per_day: u32,
    pub objections_alarm: u32,
}

impl From<&Quotas> for raid_model::trust::Quotas {
    fn from(quotas: &Quotas) -> Self {
        Self {
            new_people_per_day: quotas.new_people_per_day,
            new_people_per_raid: quotas.new_people_per_raid,
            mails_per_day: quotas.mails_per_day,
            mails_per_address_per_day: quotas.mails_per_address_per_day,
            objections_alarm: quotas.objections_alarm,
        }
    }
}
