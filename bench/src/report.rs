//! Measured numbers, and the Markdown tables that show them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;

/// Numbers of one kind, in the order in which they were measured. Times are in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Samples(pub Vec<f64>);

impl Samples {
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }

    pub fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// The median of the ratios of two numbers that were measured one after the other.
    pub fn median_ratio(&self, others: &Self) -> f64 {
        let pairs = self.0.iter().zip(&others.0);
        Self(pairs.map(|(one, other)| one / other).collect()).median()
    }

    /// Median and 99th percentile.
    pub fn spread(&self) -> String {
        format!(
            "{} / {}",
            number(self.median()),
            number(self.percentile(99))
        )
    }

    /// The smallest number that this percentage of all does not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
}

/// Measures each variant once a round, so that a slow moment of the machine meets all of them. Every
/// other round goes backwards. The first round warms up and does not count.
pub async fn in_turn<V>(
    rounds: u32,
    variants: &mut [V],
    mut measure: impl AsyncFnMut(&mut V) -> Result<f64>,
) -> Result<Vec<Samples>> {
    let mut samples = vec![Samples::default(); variants.len()];
    for round in 0..=rounds {
        let mut order: Vec<usize> = (0..variants.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for variant in order {
            let number = measure(&mut variants[variant]).await?;
            if round > 0 {
                samples[variant].0.push(number);
            }
        }
    }
    Ok(samples)
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A number with as many digits as say something.
pub fn number(number: f64) -> String {
    match number.abs() {
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// Prints a line. Unlike `println!` it does not panic when the reader has gone.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The conditions of a measurement and its results.
pub fn table(conditions: &str, head: &str, rows: &[Vec<String>]) -> String {
    // Columns of numbers are aligned to the right.
    let is_number = |column: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(column));
        cells.all(|cell| cell.is_empty() || cell.starts_with(|first: char| first.is_ascii_digit()))
    };
    let line = |column| if is_number(column) { "--:|" } else { "---|" };
    let lines: String = (0..head.split('|').count()).map(line).collect();
    let mut text = format!("{conditions}\n\n| {head} |\n|{lines}\n");
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_numbers_that_were_measured() {
        let many = Samples((1..=200).rev().map(f64::from).collect());
        let few = Samples(vec![30.0, 10.0, 20.0]);
        assert_eq!(many.spread(), "100 / 198");
        assert_eq!(few.spread(), "20.0 / 30.0");
    }
}
