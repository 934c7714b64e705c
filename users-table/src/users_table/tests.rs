use super::*;

fn parse(json: &str) -> Result<UsersTable, String> {
    UsersTable::parse(json).map_err(|error| error.to_string())
}

#[test]
fn a_field_is_a_column_an_expression_or_absent() {
    let table = parse(
        r#"{
            "table": "auth_user",
            "id": { "column": "id" },
            "email": { "sql": "nullif(email, '')", "unique": false },
            "username": "username",
            "is_active": { "sql": "NOT banned", "write": { "banned": "NOT $value" } }
        }"#,
    );
    let table = table.unwrap();
    let mapping = table.mapping().unwrap();
    assert_eq!(table.id_kind(), UserIdKind::Integer);
    let is_active = mapping.is_active.as_ref().unwrap();
    assert_eq!(is_active.written(), [("banned", "NOT $value")]);
    assert!(!mapping.email.as_ref().unwrap().is_unique());
    assert_eq!(mapping.full_name, None);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let error = parse(
        r#"{
            "table": "t",
            "id": { "column": "id" },
            "email": { "unique": true },
            "full_name": { "column": "name", "sql": "name", "time_zone": "UTC" },
            "is_active": "state",
            "new_users": { "state": "TRUE" }
        }"#,
    )
    .unwrap_err();
    assert_eq!(
        error,
        "email needs either \"column\" or \"sql\"; full_name needs either \"column\" or \"sql\"; full_name is not a time and has no \"time_zone\"; the column state is \
         written twice"
    );
}

#[test]
fn an_unknown_word_is_refused_by_name() {
    let error =
        parse(r#"{ "table": "t", "id": { "column": "id" }, "email": "email", "mail": "mail" }"#);
    assert!(error.unwrap_err().contains("unknown field `mail`"));
    let error = parse(r#"{ "table": "t", "id": { "column": "id" }, "email": { "name": "mail" } }"#);
    assert!(
        error
            .unwrap_err()
            .contains("a field has to be the name of a column, or an object")
    );
    assert_eq!(parse("own").unwrap(), UsersTable::Own);
    assert_eq!(parse("").unwrap(), UsersTable::Unspecified);
}
