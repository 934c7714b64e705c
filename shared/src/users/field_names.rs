//! How requests spell fields, and what to say of names that are not known.

use super::user_field::UserField;
use crate::platform::config::{ExtraField, ExtraFields};

/// The field that is read only where ids are kept.
const ID: &str = "id";

/// A field that the service writes and does not read back.
const WRITTEN_ONLY: &str = "updated_at";

/// How many unknown names are shown back, and how much of each, so that an answer cannot be blown
/// up by a request.
const MAX_SHOWN: usize = 20;
const MAX_SHOWN_CHARACTERS: usize = 40;

/// Two names that are less alike are not suggested.
const MIN_SIMILARITY: f64 = 0.6;

/// What the fields are called here and in other systems, in the form of [`letters`]. One of more than four
/// letters may be part of a longer name.
const SPELLINGS: [(&str, UserField); 30] = [
    ("email", UserField::Email),
    ("username", UserField::Username),
    ("fullname", UserField::FullName),
    ("password", UserField::Password),
    ("passwordhash", UserField::PasswordHash),
    ("isactive", UserField::IsActive),
    ("issuperuser", UserField::IsSuperuser),
    ("createdat", UserField::CreatedAt),
    ("mail", UserField::Email),
    ("userprincipalname", UserField::Email),
    ("login", UserField::Username),
    ("nickname", UserField::Username),
    ("name", UserField::FullName),
    ("displayname", UserField::FullName),
    ("realname", UserField::FullName),
    ("passwd", UserField::Password),
    ("encryptedpassword", UserField::PasswordHash),
    ("hashedpassword", UserField::PasswordHash),
    ("passworddigest", UserField::PasswordHash),
    ("active", UserField::IsActive),
    ("enabled", UserField::IsActive),
    ("status", UserField::IsActive),
    ("admin", UserField::IsSuperuser),
    ("superuser", UserField::IsSuperuser),
    ("staff", UserField::IsSuperuser),
    ("created", UserField::CreatedAt),
    ("creationtime", UserField::CreatedAt),
    ("datejoined", UserField::CreatedAt),
    ("registered", UserField::CreatedAt),
    ("signup", UserField::CreatedAt),
];

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldName {
    /// A field.
    Known(UserField),
    /// The id, which the service sets itself unless `keep_ids` is given.
    Id,
    /// A field that is ignored: the service sets it itself.
    Ignored,
    /// Nothing.
    Unknown,
}

/// The extra field that a column of a table means. An exact name takes precedence over one with other letters.
#[must_use]
pub fn extra_of_column(name: &str, extra: ExtraFields) -> Option<&'static str> {
    let same = |field: &ExtraField| letters(field.name) == letters(name);
    let found = extra.named(name).or_else(|| extra.iter().find(same));
    found.map(|field| field.name)
}

impl FieldName {
    /// What a name means that must be spelled exactly.
    #[must_use]
    pub fn exact(name: &str) -> Self {
        match UserField::named(name) {
            Some(field) => Self::Known(field),
            None if name == ID => Self::Id,
            None if name == WRITTEN_ONLY => Self::Ignored,
            None => Self::Unknown,
        }
    }

    /// What a column of a table means. Only letters and digits are compared, without regard to case.
    #[must_use]
    pub fn of_column(name: &str) -> Self {
        let name = letters(name);
        let has_name = |known: &str| letters(known) == name;
        match UserField::ALL
            .into_iter()
            .find(|field| has_name(field.name()))
        {
            Some(field) => Self::Known(field),
            None if has_name(ID) => Self::Id,
            None if has_name(WRITTEN_ONLY) => Self::Ignored,
            None => Self::Unknown,
        }
    }
}

/// Names that are not known.
#[derive(Debug, Default)]
pub struct UnknownNames {
    shown: Vec<String>,
    count: usize,
}

impl UnknownNames {
    /// Adds one.
    pub fn push(&mut self, name: &str) {
        self.count += 1;
        if self.count <= MAX_SHOWN {
            let shown = name.trim().chars().take(MAX_SHOWN_CHARACTERS);
            self.shown.push(shown.collect());
        }
    }

    /// Counts more that are not shown.
    pub(super) fn count_more(&mut self, more: usize) {
        self.count += more;
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Names all columns, each with the nearest field that is not among those `given`.
    #[must_use]
    pub fn columns_message(&self, given: &[UserField], extra: ExtraFields) -> String {
        self.message("column", extra, |name| {
            contained(name, given).or_else(|| similar(name, given))
        })
    }

    /// Names all fields of a row. Similar names are not searched for: a request may have many rows.
    #[must_use]
    pub fn fields_message(&self, given: &[UserField], extra: ExtraFields) -> String {
        self.message("field", extra, |name| contained(name, given))
    }

    fn message(
        &self,
        kind: &str,
        extra: ExtraFields,
        nearest: impl Fn(&str) -> Option<UserField>,
    ) -> String {
        let names = self.shown.iter().map(|name| match nearest(&letters(name)) {
            Some(field) => format!("{name:?} (did you mean {}?)", field.name()),
            None => format!("{name:?}"),
        });
        let names = names.collect::<Vec<_>>().join(", ");
        let more = match self.count - self.shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let plural = if self.count == 1 { "" } else { "s" };
        let extra = extra.iter().map(|field| format!(", {}", field.name));
        let supported = UserField::names() + &extra.collect::<String>();
        format!("unknown {kind}{plural} {names}{more}; supported: {supported}")
    }
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(|character| character.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn candidates(given: &[UserField]) -> impl Iterator<Item = (&'static str, UserField)> {
    let all = SPELLINGS.into_iter();
    all.filter(|(_, field)| !given.contains(field))
}

/// The field of which a name is a spelling, or has one in it.
fn contained(name: &str, given: &[UserField]) -> Option<UserField> {
    candidates(given)
        .filter(|(known, _)| name == *known || (known.len() > 4 && name.contains(known)))
        .max_by_key(|(known, _)| known.len())
        .map(|(_, field)| field)
}

/// The field that is spelled most like a name.
fn similar(name: &str, given: &[UserField]) -> Option<UserField> {
    candidates(given)
        .map(|(known, field)| (strsim::normalized_damerau_levenshtein(name, known), field))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, field)| field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_without_regard_to_case_and_separators() {
        for (name, field) in [
            ("Email", UserField::Email),
            ("E-Mail", UserField::Email),
            ("\u{a0}User Name ", UserField::Username),
            (" Full Name", UserField::FullName),
            ("fullName", UserField::FullName),
            ("IS-ACTIVE", UserField::IsActive),
            ("isSuperuser", UserField::IsSuperuser),
            ("Password Hash", UserField::PasswordHash),
        ] {
            assert_eq!(
                FieldName::of_column(name),
                FieldName::Known(field),
                "{name}"
            );
        }
        assert_eq!(FieldName::of_column("ID"), FieldName::Id);
        assert_eq!(FieldName::of_column("Name"), FieldName::Unknown);
        assert_eq!(FieldName::exact("updated_at"), FieldName::Ignored);
        assert_eq!(FieldName::exact("Email"), FieldName::Unknown);
    }

    #[test]
    fn the_nearest_field_is_named_unless_it_is_given() {
        for (name, expected) in [
            ("Name", Some(UserField::FullName)),
            ("Active", Some(UserField::IsActive)),
            ("Email Address [Required]", Some(UserField::Email)),
            ("cognito:username", Some(UserField::Username)),
            ("Name [displayName] Required", Some(UserField::FullName)),
            ("usernmae", Some(UserField::Username)),
            ("isAdmin", Some(UserField::IsSuperuser)),
            ("phone_number", None),
        ] {
            let name = letters(name);
            let found = contained(&name, &[]).or_else(|| similar(&name, &[]));
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(contained("emailverified", &[UserField::Email]), None);
        for field in UserField::ALL {
            assert_eq!(contained(&letters(field.name()), &[]), Some(field));
        }
    }

    #[test]
    fn many_unknown_names_are_counted_and_long_ones_shortened() {
        let mut names = UnknownNames::default();
        for _ in 0..1_000 {
            names.push(&"x".repeat(1_000));
        }
        let message = names.columns_message(&[], ExtraFields::NONE);
        assert!(
            message.contains(" and 980 more; supported: email, "),
            "{message}"
        );
        assert!(message.len() < 1_500, "{message}");
    }
}
