//! Demo users as lines of COPY's text format.

use std::io::Write as _;

use chrono::{DateTime, Duration, Utc};

use crate::people::Person;

const SPAN_IN_SECONDS: f64 = 2.0 * 365.0 * 86_400.0;

/// Writes users who signed up over two years, in the order in which they did.
pub(super) struct Rows {
    now: DateTime<Utc>,
    count: f64,
    written: f64,
    random: fastrand::Rng,
}

impl Rows {
    /// For `count` users, the last of whom signed up just before `now`.
    pub(super) fn new(now: DateTime<Utc>, count: u64) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "only a share of the whole is computed"
        )]
        let count = count as f64;
        Self {
            now,
            count,
            written: 0.0,
            random: fastrand::Rng::with_seed(1),
        }
    }

    /// Appends one line: email, username, full name, active, superuser, created, updated.
    pub(super) fn write(&mut self, person: &Person, output: &mut Vec<u8>) {
        let created = self.next_sign_up();
        let updated = if self.random.u8(..) < 80 {
            created + (self.now - created) / 1000 * self.random.i32(0..1000)
        } else {
            created
        };
        escape(&person.email, output);
        output.push(b'\t');
        escape(&person.username, output);
        output.push(b'\t');
        match &person.full_name {
            Some(name) => escape(name, output),
            None => output.extend(b"\\N"),
        }
        output.push(b'\t');
        output.push(if person.is_active { b't' } else { b'f' });
        output.push(b'\t');
        output.push(if person.is_superuser { b't' } else { b'f' });
        for moment in [created, updated] {
            output.push(b'\t');
            write_moment(moment, output);
        }
        output.push(b'\n');
    }

    /// The number of sign-ups a day grows steadily from nothing, so their total grows squarely:
    /// about one user in 370 is of the last day, and one in 50 of the last week.
    fn next_sign_up(&mut self) -> DateTime<Utc> {
        let share = (self.written + self.random.f64()) / self.count;
        self.written += 1.0;
        let age = SPAN_IN_SECONDS * (1.0 - share.min(1.0).sqrt());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "two years fit in any integer"
        )]
        let age = Duration::microseconds((age * 1e6) as i64);
        self.now - age
    }
}

fn escape(text: &str, output: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' => output.extend(b"\\\\"),
            b'\t' => output.extend(b"\\t"),
            b'\n' => output.extend(b"\\n"),
            b'\r' => output.extend(b"\\r"),
            _ => output.push(byte),
        }
    }
}

fn write_moment(moment: DateTime<Utc>, output: &mut Vec<u8>) {
    let (date, time) = (moment.date_naive(), moment.time());
    // A vector takes whatever is written to it.
    let _ = write!(output, "{date} {time}+00");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Person {
        Person {
            email: "ana@post.example".to_owned(),
            username: "ana".to_owned(),
            full_name: None,
            is_active: true,
            is_superuser: false,
        }
    }

    #[test]
    fn characters_that_mean_something_to_copy_are_escaped() {
        let mut output = Vec::new();
        escape("a\tb\nc\\d\re\u{fc}", &mut output);
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "a\\tb\\nc\\\\d\\re\u{fc}"
        );
    }

    #[test]
    fn sign_ups_come_in_order_and_end_now() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut rows = Rows::new(now, 10_000);

        let moments: Vec<_> = (0..10_000).map(|_| rows.next_sign_up()).collect();

        assert!(moments.is_sorted());
        assert!(moments.iter().all(|moment| *moment <= now));
        let of_last_week = moments
            .iter()
            .filter(|m| now - **m < Duration::days(7))
            .count();
        assert!((150..250).contains(&of_last_week), "{of_last_week}");
    }

    #[test]
    fn a_line_has_the_seven_columns_of_the_copy_statement() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut output = Vec::new();

        Rows::new(now, 1).write(&person(), &mut output);

        let line = String::from_utf8(output).unwrap();
        let columns: Vec<_> = line.trim_end().split('\t').collect();
        assert_eq!(columns[..5], ["ana@post.example", "ana", "\\N", "t", "f"]);
        assert_eq!(columns.len(), 7);
    }
}
