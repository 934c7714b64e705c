//! The id of a user, which the platform only carries.

use std::fmt;

use arrayvec::ArrayString;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use sqlx::{
    Decode, Encode, Postgres, Type, ValueRef,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef},
};
use uuid::Uuid;

pub use users_table::UserIdKind;

/// How many bytes an id of text may have.
pub const MAX_TEXT_BYTES: usize = 64;

/// `users.id`. In JSON, an integer is a number and everything else a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum UserId {
    /// Of a column of integers.
    Integer(i64),
    /// Of a column of UUIDs.
    Uuid(Uuid),
    /// Of a column of text.
    Text(ArrayString<MAX_TEXT_BYTES>),
}

impl UserId {
    /// An id of a kind in the one spelling that it has, so that "+1" and "01" are not second names of
    /// user 1.
    #[must_use]
    pub fn parse(text: &str, kind: UserIdKind) -> Option<Self> {
        let id = match kind {
            UserIdKind::Integer => Self::Integer(text.parse().ok().filter(|id| *id > 0)?),
            UserIdKind::Uuid => Self::Uuid(Uuid::try_parse(text).ok()?),
            UserIdKind::Text => {
                let is_text = !text.is_empty() && !text.contains('\0');
                Self::Text(ArrayString::from(text).ok().filter(|_| is_text)?)
            }
        };
        (id.to_string() == text).then_some(id)
    }

    /// The id in bytes that are the same everywhere, for fingerprints.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Integer(id) => id.to_be_bytes().into(),
            Self::Uuid(_) | Self::Text(_) => self.to_string().into_bytes(),
        }
    }
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self::Integer(id)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(id) => id.fmt(formatter),
            Self::Uuid(id) => id.fmt(formatter),
            Self::Text(id) => id.fmt(formatter),
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for UserId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{
            KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type,
        };
        let integer = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1))
            .maximum(Some(i64::MAX));
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX_TEXT_BYTES));
        OneOfBuilder::new().item(integer).item(text).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for UserId {}

/// An integer is a number; a string is a UUID if it is written as one, and text otherwise.
impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Integer(i64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Integer(id) => return Ok(Self::Integer(id)),
            Written::Text(text) => text,
        };
        Self::parse(&text, UserIdKind::Uuid)
            .or_else(|| Self::parse(&text, UserIdKind::Text))
            .ok_or_else(|| D::Error::custom("not the id of a user"))
    }
}

/// It travels as text and is cast by the statement, to the domain `user_id` of the schema.
impl Type<Postgres> for UserId {
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }

    fn compatible(found: &PgTypeInfo) -> bool {
        <i64 as Type<Postgres>>::compatible(found)
            || <Uuid as Type<Postgres>>::compatible(found)
            || <str as Type<Postgres>>::compatible(found)
    }
}

impl sqlx::postgres::PgHasArrayType for UserId {
    fn array_type_info() -> PgTypeInfo {
        <String as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for UserId {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <String as Encode<Postgres>>::encode(self.to_string(), buffer)
    }
}

impl<'r> Decode<'r, Postgres> for UserId {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let found = value.type_info().into_owned();
        if <i64 as Type<Postgres>>::compatible(&found) {
            return <i64 as Decode<Postgres>>::decode(value).map(Self::Integer);
        }
        if <Uuid as Type<Postgres>>::compatible(&found) {
            return <Uuid as Decode<Postgres>>::decode(value).map(Self::Uuid);
        }
        let text = <&str as Decode<Postgres>>::decode(value)?;
        let id = ArrayString::from(text)
            .map_err(|_| format!("the id {text:?} has more than {MAX_TEXT_BYTES} bytes"))?;
        Ok(Self::Text(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let parsed = |text: &str, kind| UserId::parse(text, kind).map(|id| id.to_string());
        assert_eq!(parsed("7", UserIdKind::Integer).as_deref(), Some("7"));
        for text in [
            "0",
            "-1",
            "+1",
            "01",
            "1.0",
            " 1",
            "",
            "9223372036854775808",
            "x",
        ] {
            assert_eq!(parsed(text, UserIdKind::Integer), None, "{text}");
        }
        let uuid = "6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0001";
        assert_eq!(parsed(uuid, UserIdKind::Uuid).as_deref(), Some(uuid));
        for text in [
            uuid.to_uppercase(),
            uuid.replace('-', ""),
            format!("{{{uuid}}}"),
        ] {
            assert_eq!(parsed(&text, UserIdKind::Uuid), None, "{text}");
        }
        assert_eq!(
            parsed("Zk3v-_", UserIdKind::Text).as_deref(),
            Some("Zk3v-_")
        );
        for text in ["", "a\0", &"x".repeat(MAX_TEXT_BYTES + 1)] {
            assert_eq!(parsed(text, UserIdKind::Text), None, "{text}");
        }
    }

    #[test]
    fn an_integer_is_a_number_in_json_and_others_are_strings() {
        let json = |id: UserId| serde_json::to_value(id).unwrap_or_default();
        assert_eq!(json(UserId::Integer(7)), 7);
        let text = UserId::parse("7", UserIdKind::Text).map(json);
        assert_eq!(text, Some("7".into()));
    }
}
