//! Medians, percentiles, ratios, and how they are printed.

use std::time::Duration;

/// Characters of the longest bar.
const WIDTH: f64 = 36.0;

/// What one side did in one slice of time.
#[derive(Debug, Default, Clone)]
pub struct Slice {
    /// How many a second.
    pub rate: f64,
    /// How long each took, where that was measured.
    pub latencies: Vec<Duration>,
}

/// One side of a comparison, over all rounds.
#[derive(Debug)]
pub struct Side {
    name: &'static str,
    slices: Vec<Slice>,
}

impl Side {
    /// A side without rounds.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            slices: Vec::new(),
        }
    }

    /// Adds what it did in this round.
    pub fn add(&mut self, slice: Slice) {
        self.slices.push(slice);
    }

    /// The median of its rates.
    pub fn rate(&self) -> f64 {
        median(self.slices.iter().map(|slice| slice.rate))
    }

    /// The median of the rounds' ratios: both sides of each were measured next to each other.
    pub fn ratio_to(&self, other: &Self) -> f64 {
        let pairs = self.slices.iter().zip(&other.slices);
        median(pairs.map(|(own, other)| own.rate / other.rate))
    }

    fn latencies(&self) -> String {
        let mut all: Vec<Duration> = Vec::new();
        for slice in &self.slices {
            all.extend_from_slice(&slice.latencies);
        }
        all.sort_unstable();
        let Some(worst) = all.last() else {
            return String::new();
        };
        let at = |share: usize| all[all.len() * share / 1000].as_secs_f64() * 1000.0;
        format!(
            "  p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms",
            at(500),
            at(990),
            worst.as_secs_f64() * 1000.0
        )
    }
}

/// Prints a heading.
pub fn heading(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.chars().count()));
}

/// Prints the sides as bars, with their latencies.
pub fn bars(sides: &[&Side]) {
    let most = sides.iter().map(|side| side.rate()).fold(0.0, f64::max);
    for side in sides {
        let (bar, rate) = (bar(side.rate(), most), side.rate());
        let line = format!("  {:<22}{rate:>8.0}/s {bar}", side.name);
        println!("{line}{}", side.latencies());
    }
}

/// Prints the ratio of two sides, with what is aimed at where there is an aim.
pub fn ratio(side: &Side, other: &Side, aim: Option<f64>) {
    let value = side.ratio_to(other);
    let what = format!("{} : {}", side.name, other.name);
    println!("  {what:<40}{value:>6.2}{}", verdict(value, aim));
}

/// Prints one figure beside what is aimed at.
pub fn figure(what: &str, value: f64, met: bool, aim: &str) {
    println!("  {what:<40}{value:>6.2}  {} (aim {aim})", word(met));
}

/// A bar as long as a value's share of the greatest.
pub fn bar(value: f64, most: f64) -> String {
    let share = if most > 0.0 { value / most } else { 0.0 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a width between 0 and WIDTH"
    )]
    let length = (share.clamp(0.0, 1.0) * WIDTH).round() as usize;
    "#".repeat(length)
}

fn verdict(value: f64, aim: Option<f64>) -> String {
    aim.map_or_else(String::new, |aim| {
        format!("  {} (aim at least {aim:.2})", word(value >= aim))
    })
}

fn word(met: bool) -> &'static str {
    if met { "PASS" } else { "BELOW AIM" }
}

/// The middle value, or the mean of the two middle ones; 0 of none.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
