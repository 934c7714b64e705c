//! `--repair`: changes to values that the operator asks for.

use clap::ValueEnum;

use super::field::{Field, Values};

/// What an export for spreadsheets guards with an apostrophe.
const GUARDED: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// A change that is made to every user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Repair {
    /// Each run of white space in a name becomes one space
    Space,
    /// Emails and usernames become lower case
    Case,
    /// A missing username becomes the email
    Username,
    /// A time without an offset is in UTC
    Utc,
    /// The apostrophe that `export --spreadsheet-safe` writes before text is removed
    Spreadsheet,
}

impl Repair {
    /// Makes the change.
    pub(super) fn apply(self, values: &mut Values) {
        match self {
            Self::Space => {
                for field in [Field::Username, Field::FullName] {
                    change(values, field, |text| {
                        text.split_whitespace().collect::<Vec<_>>().join(" ")
                    });
                }
            }
            Self::Case => {
                for field in [Field::Email, Field::Username] {
                    change(values, field, str::to_lowercase);
                }
            }
            Self::Username => {
                let email = values[Field::Email as usize].clone();
                let username = &mut values[Field::Username as usize];
                *username = username.take().or(email);
            }
            Self::Utc => change(values, Field::CreatedAt, in_utc),
            Self::Spreadsheet => {
                for field in Field::ALL {
                    change(values, field, |text| unguarded(text).to_owned());
                }
            }
        }
    }
}

/// The text without its guard, if it has one.
fn unguarded(text: &str) -> &str {
    let rest = text.strip_prefix('\'');
    rest.filter(|rest| rest.starts_with(GUARDED))
        .unwrap_or(text)
}

fn change(values: &mut Values, field: Field, change: impl Fn(&str) -> String) {
    if let Some(value) = &mut values[field as usize] {
        *value = change(value);
    }
}

/// A time with an offset as it is, and one without as UTC.
pub(super) fn in_utc(time: &str) -> String {
    let time = time.trim();
    let has_date = time.len() >= 10 && time.is_char_boundary(10);
    let clock = if has_date { time[10..].trim() } else { "" };
    let is_clock = |character: char| character.is_ascii_digit() || "T:. ".contains(character);
    match clock {
        "" if has_date => format!("{time}T00:00:00Z"),
        clock if !clock.is_empty() && clock.chars().all(is_clock) => {
            // The API wants seconds.
            let seconds = if clock.matches(':').count() == 1 {
                ":00"
            } else {
                ""
            };
            format!("{time}{seconds}Z")
        }
        _ => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(repair: Repair, field: Field, text: &str) -> Option<String> {
        let mut values = Values::default();
        values[field as usize] = Some(text.to_owned());
        repair.apply(&mut values);
        values[Field::Username as usize]
            .take()
            .or(values[field as usize].take())
    }

    #[test]
    fn each_repair_changes_what_it_says() {
        for (repair, field, before, after) in [
            (Repair::Space, Field::FullName, "Ada\u{a0} L.  ", "Ada L."),
            (
                Repair::Case,
                Field::Email,
                "Ada@Example.COM",
                "ada@example.com",
            ),
            (Repair::Case, Field::FullName, "Ada", "Ada"),
            (
                Repair::Username,
                Field::Email,
                "a@example.com",
                "a@example.com",
            ),
            (Repair::Spreadsheet, Field::FullName, "'=1+1", "=1+1"),
            (
                Repair::Spreadsheet,
                Field::FullName,
                "''t Hooft",
                "'t Hooft",
            ),
            (Repair::Spreadsheet, Field::FullName, "'t Hooft", "'t Hooft"),
            (
                Repair::Utc,
                Field::CreatedAt,
                "2023-11-14 22:13",
                "2023-11-14 22:13:00Z",
            ),
            (
                Repair::Utc,
                Field::CreatedAt,
                "2023-11-14",
                "2023-11-14T00:00:00Z",
            ),
            (
                Repair::Utc,
                Field::CreatedAt,
                "2023-11-14T22:13:20.5",
                "2023-11-14T22:13:20.5Z",
            ),
            (
                Repair::Utc,
                Field::CreatedAt,
                "2023-11-14 22:13:20+01",
                "2023-11-14 22:13:20+01",
            ),
            (
                Repair::Utc,
                Field::CreatedAt,
                "2023-11-14 22:13:20 UTC",
                "2023-11-14 22:13:20 UTC",
            ),
            (Repair::Utc, Field::CreatedAt, "yesterday", "yesterday"),
        ] {
            assert_eq!(
                repaired(repair, field, before).as_deref(),
                Some(after),
                "{before}"
            );
        }
    }
}
