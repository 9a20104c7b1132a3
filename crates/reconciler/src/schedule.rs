//! When a failed task is tried again.

use rand::{Rng, RngExt as _};
use std::time::Duration;

/// Steps between tries; the last one repeats until `max_tries` is reached.
#[derive(Debug, Clone)]
pub struct Schedule {
    steps: Vec<Duration>,
    max_tries: u32,
}

/// How far a step is moved at random, so that many failures do not come back together.
const JITTER: f64 = 0.2;

impl Schedule {
    /// A schedule; with no steps every failure is final.
    pub fn new(steps: Vec<Duration>, max_tries: u32) -> Self {
        Self { steps, max_tries }
    }

    /// How long to wait after the given number of tries; none when there were enough.
    pub fn after(
        &self,
        tries: u32,
        retry_after: Option<Duration>,
        rng: &mut impl Rng,
    ) -> Option<Duration> {
        if tries >= self.max_tries {
            return None;
        }
        let index = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
        let step = *self.steps.get(index).or(self.steps.last())?;
        // What the other side asks for counts, but it can neither hurry us nor park us for ever.
        let step = retry_after.map_or(step, |asked| asked.clamp(step, step * 2));
        Some(step.mul_f64(rng.random_range(1.0 - JITTER..=1.0 + JITTER)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    fn seconds(s: &[u64]) -> Vec<Duration> {
        s.iter().map(|s| Duration::from_secs(*s)).collect()
    }

    proptest! {
        #[test]
        fn waits_about_a_step_and_ends(tries in 1u32..40, asked in proptest::option::of(0u64..100_000), seed: u64) {
            let schedule = Schedule::new(seconds(&[1, 10, 100]), 20);
            let mut rng = StdRng::seed_from_u64(seed);
            let wait = schedule.after(tries, asked.map(Duration::from_secs), &mut rng);
            let step = [1.0, 10.0, 100.0][(tries as usize - 1).min(2)];
            match wait {
                None => prop_assert!(tries >= 20),
                Some(wait) => {
                    prop_assert!(tries < 20);
                    let most = if asked.is_some() { 2.0 } else { 1.0 };
                    prop_assert!(wait.as_secs_f64() >= step * 0.79);
                    prop_assert!(wait.as_secs_f64() <= step * most * 1.21);
                }
            }
        }
    }

    #[test]
    fn without_steps_every_failure_is_final() {
        let mut rng = StdRng::seed_from_u64(1);
        assert_eq!(Schedule::new(vec![], 9).after(1, None, &mut rng), None);
    }
}
