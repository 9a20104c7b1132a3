//! The numbers of an agency's service points: the blocks that agencies share out, so that a number is
//! used by one of them only.

use super::{Agency, Mistakes};

/// Agencies with their blocks, as the RAiD service has them (its `registration-agencies.yaml` of October
/// 2026): block 2 is ARDC's, 4 SDSC's, 6 TIB's. The first is the demo's, with the block for tests; its ROR
/// id is nobody's. SURF (3) and DRAC (5) set their block.
const REGISTER: [(&str, u32); 4] = [
    ("https://ror.org/000000098", TEST_BLOCK),
    ("https://ror.org/038sjwq14", 2),
    ("https://ror.org/04mg3nk07", 4),
    ("https://ror.org/04aj4c181", 6),
];
/// For development and tests.
pub(super) const TEST_BLOCK: u32 = 1;
/// Numbers stay well below those that JSON's readers hold exactly.
const LAST_BLOCK: u32 = 1_000_000;

impl Agency {
    /// The block of the agency's service points; none when nothing tells it.
    pub fn block(&self) -> Option<u32> {
        match self.service_point_block {
            0 => self.registered_block(),
            block => Some(block),
        }
    }

    /// The first number of the agency's block.
    pub fn first_service_point(&self) -> i64 {
        let block = self.block().unwrap_or(TEST_BLOCK);
        i64::from(block) * store::service_points::BLOCK
    }

    fn registered_block(&self) -> Option<u32> {
        let ror = self.ror.to_string();
        let found = REGISTER.iter().find(|(agency, _)| *agency == ror);
        found.map(|(_, block)| *block)
    }

    pub(super) fn check_block(&self, mistakes: &mut Mistakes) {
        let setting = "agency.service_point_block";
        let (chosen, registered) = (self.service_point_block, self.registered_block());
        match (chosen, registered) {
            (0, None) => {
                let why = format!(
                    "must be set, as {} is not in the register that this program knows: the block of \
                     service point numbers that was given to your agency",
                    self.ror
                );
                mistakes.refuse(setting, why);
            }
            (chosen, Some(registered)) if chosen != 0 && chosen != registered => {
                let why = format!("must be {registered}, or 0, for {}", self.ror);
                mistakes.refuse(setting, why);
            }
            (chosen, None)
                if REGISTER
                    .iter()
                    .any(|(_, taken)| *taken == chosen && chosen != TEST_BLOCK) =>
            {
                let why = format!("{chosen} is the block of another agency than {}", self.ror);
                mistakes.refuse(setting, why);
            }
            (chosen, _) if chosen > LAST_BLOCK => {
                mistakes.refuse(setting, format!("must be at most {LAST_BLOCK}"));
            }
            _ => {}
        }
    }
}
