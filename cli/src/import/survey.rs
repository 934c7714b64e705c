//! What becomes of all users of a file, found before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use indicatif::HumanCount;

use super::converter::{Converted, Converter};
use super::field::{Field, Values};
use super::record::Record;
use super::vendors::UNVERIFIABLE;

/// How many rows that cannot be read are named.
const MAX_PROBLEMS: usize = 10;

/// What hashes begin with, their algorithms, and whether the API has to be asked to accept them.
const HASHES: [(&str, &str, bool); 18] = [
    ("$argon2", "argon2", false),
    ("argon2$", "argon2", false),
    ("$2", "bcrypt", false),
    ("$wp$2", "bcrypt", false),
    ("bcrypt", "bcrypt", false),
    ("$pbkdf2", "pbkdf2", false),
    ("pbkdf2", "pbkdf2", false),
    ("$scrypt", "scrypt", false),
    ("scrypt", "scrypt", false),
    ("$7$", "scrypt", false),
    ("$5$", "sha-crypt", true),
    ("$6$", "sha-crypt", true),
    ("$y$", "yescrypt", true),
    ("$gy$", "yescrypt", true),
    ("$P$", "phpass", true),
    ("$H$", "phpass", true),
    ("$S$", "phpass", true),
    ("$firescrypt$", "firebase-scrypt", true),
];

/// What becomes of all users of a file.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) users: u64,
    /// How many of them there are, by what they have or lack.
    notes: BTreeMap<&'static str, u64>,
    hashes: BTreeMap<&'static str, u64>,
    left_out: BTreeMap<&'static str, u64>,
    /// Columns and members.
    names: BTreeSet<String>,
}

impl Survey {
    /// Reads all users once.
    pub(super) fn of(
        records: impl Iterator<Item = Result<Record>>,
        converter: &Converter,
    ) -> Result<Self> {
        let mut survey = Self::default();
        let mut problems = Vec::new();
        for record in records {
            let record = record?;
            match converter.convert(&record) {
                Ok(user) => survey.add(&user),
                Err(problem) if problems.len() < MAX_PROBLEMS => problems.push(problem.to_string()),
                Err(_) => {
                    problems.push("and more".to_owned());
                    break;
                }
            }
            // Further rows of CSV have no other columns.
            if survey.names.is_empty() || !converter.is_csv() {
                let row = converter.row(&record).unwrap_or_default();
                let new = row
                    .0
                    .into_iter()
                    .filter(|(name, _)| !survey.names.contains(name));
                let new: Vec<_> = new.map(|(name, _)| name).collect();
                survey.names.extend(new);
            }
        }
        if !problems.is_empty() {
            bail!(
                "rows cannot be read, correct them in the file:\n  {}",
                problems.join("\n  ")
            );
        }
        converter.check_names(&survey.names)?;
        let left_out = survey.left_out.values().sum::<u64>();
        ensure!(survey.users + left_out > 0, "the file holds no users");
        Ok(survey)
    }

    fn add(&mut self, user: &Converted) {
        let values = match user {
            Converted::LeftOut(reason) => {
                *self.left_out.entry(reason).or_default() += 1;
                return;
            }
            Converted::User(values) => values,
        };
        self.users += 1;
        for note in notes(values) {
            *self.notes.entry(note).or_default() += 1;
        }
        if let Some(hash) = &values[Field::PasswordHash as usize] {
            *self.hashes.entry(algorithm(hash)).or_default() += 1;
        }
    }

    /// Fails if there are hashes that nobody could verify.
    pub(super) fn check_hashes(&self) -> Result<()> {
        ensure!(
            !self.hashes.contains_key(UNVERIFIABLE),
            "Firebase's hashes can be verified only with the parameters of the project, which no export has. Save what \
             the console shows under Authentication, Users, Password hash parameters, and give --hash-parameters FILE; \
             or give --map \"=password_hash\" to import the users without passwords"
        );
        Ok(())
    }

    /// What was found, for people.
    pub(super) fn describe(
        &self,
        converter: &Converter,
        accepted: &[String],
    ) -> Vec<(&'static str, String)> {
        let mut lines = converter.describe();
        let unused = self.names.iter().filter(|name| !converter.is_used(name));
        let unused: Vec<_> = unused.map(String::as_str).collect();
        if !unused.is_empty() {
            lines.push(("not imported", unused.join(", ")));
        }
        lines.push(("users", HumanCount(self.users).to_string()));
        lines.extend(counted("of these", &self.notes));
        let needs_asking = |name: &str| {
            let mut known = HASHES.iter().filter(|(_, algorithm, _)| *algorithm == name);
            known.any(|(_, _, is_asked_for)| *is_asked_for)
        };
        for (name, count) in &self.hashes {
            let count = HumanCount(*count);
            let is_refused =
                needs_asking(name) && !accepted.iter().any(|accepted| accepted == name);
            let advice = if is_refused {
                format!(": refused without --accept-hashes {name}")
            } else {
                String::new()
            };
            lines.push(("hashes", format!("{count} {name}{advice}")));
        }
        lines.extend(counted("left out", &self.left_out));
        lines
    }
}

fn counted(
    title: &'static str,
    counts: &BTreeMap<&'static str, u64>,
) -> Option<(&'static str, String)> {
    let counts: Vec<_> = counts
        .iter()
        .map(|(what, count)| format!("{} {what}", HumanCount(*count)))
        .collect();
    (!counts.is_empty()).then(|| (title, counts.join(", ")))
}

fn notes(values: &Values) -> impl Iterator<Item = &'static str> {
    let value = |field: Field| values[field as usize].as_deref();
    let is_known = |field| value(field).is_some();
    let notes = [
        ("without email", !is_known(Field::Email)),
        ("without username", !is_known(Field::Username)),
        (
            "named by their email",
            is_known(Field::Email) && value(Field::Username) == value(Field::Email),
        ),
        ("inactive", value(Field::IsActive).is_some_and(is_false)),
        (
            "superusers",
            value(Field::IsSuperuser).is_some_and(|flag| !is_false(flag)),
        ),
        (
            "without password",
            !is_known(Field::Password) && !is_known(Field::PasswordHash),
        ),
    ];
    notes
        .into_iter()
        .filter(|(_, is_so)| *is_so)
        .map(|(note, _)| note)
}

fn is_false(flag: &str) -> bool {
    ["false", "f", "0", "no", "n", "off"].contains(&flag.to_lowercase().as_str())
}

fn algorithm(hash: &str) -> &'static str {
    if hash == UNVERIFIABLE {
        return UNVERIFIABLE;
    }
    let known = HASHES.iter().find(|(start, _, _)| hash.starts_with(start));
    match known {
        Some((_, algorithm, _)) => algorithm,
        None if hash.starts_with(['!', '*']) => "marked as without password",
        None => "of other writings",
    }
}
