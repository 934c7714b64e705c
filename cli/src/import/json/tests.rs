use super::*;

fn read(is_array: bool, text: &str) -> Result<Vec<(String, u64)>> {
    let header = header(text.as_bytes(), is_array)?;
    let rest = &text.as_bytes()[usize::try_from(header.end)?..];
    let objects = Objects::new(rest, is_array, &header.raw, header.end, header.next_line);
    let pair = |record: Result<Record>| record.map(|record| (record.raw, record.line));
    objects.map(pair).collect()
}

fn all(is_array: bool, text: &str) -> Vec<(String, u64)> {
    read(is_array, text).unwrap()
}

fn record(raw: &str, line: u64) -> (String, u64) {
    (raw.to_owned(), line)
}

#[test]
fn lines_of_ndjson_are_taken_as_they_are() {
    assert_eq!(
        all(false, "{\"a\":\"\\\"\"}\n\n nonsense\n"),
        [record("{\"a\":\"\\\"\"}", 1), record(" nonsense", 3)]
    );
}

#[test]
fn elements_of_an_array_are_found_whatever_their_strings_hold() {
    let text = " [{\"a\": \"],}\\\"\",\n \"b\": [1, {}]} ,\n{}\n]";
    assert_eq!(
        all(true, text),
        [
            record("{\"a\": \"],}\\\"\",\n \"b\": [1, {}]}", 1),
            record("{}", 3),
        ]
    );
}

#[test]
fn an_array_may_be_a_member_of_an_object_between_others() {
    let text = "{\"realm\": \"]}\", \"value\": [\"a\", {\"users\": [{}]}],\n\"users\" : [ {\"a\": 1},\n{}], \"more\": {}}\n";
    assert_eq!(all(true, text), [record("{\"a\": 1}", 2), record("{}", 3)]);
    assert_eq!(all(true, "{\"users\": []}"), []);
    for other in [text, "[{}]", "1"] {
        assert!(!is_lines(other.as_bytes()).unwrap(), "{other}");
    }
    for lines in [
        "{\"value\": 1}\n{}",
        "{\"users\": [1]}",
        "{\"a\": 1, \"identities\": [{}]}",
        "{",
    ] {
        assert!(is_lines(lines.as_bytes()).unwrap(), "{lines}");
    }
}

#[test]
fn answers_of_apis_have_their_users_in_an_array_of_any_usual_name() {
    for name in ANSWERS {
        let text = format!("{{\"total\": 1, \"{name}\": [{{\"a\": 1}}]}}\n");
        assert_eq!(all(true, &text), [record("{\"a\": 1}", 1)]);
        assert!(!is_lines(text.as_bytes()).unwrap(), "{text}");
        let user = format!("{{\"Email\": 1, \"{name}\": [{{\"a\": 1}}]}}\n");
        assert!(is_lines(user.as_bytes()).unwrap(), "{user}");
    }
}

#[test]
fn objects_may_follow_each_other_on_several_lines() {
    let text = "{\n \"a\": \"}\"\n}\n{\"b\": {}} {}\n";
    assert!(!is_lines(text.as_bytes()).unwrap());
    assert_eq!(
        all(true, text),
        [
            record("{\n \"a\": \"}\"\n}", 1),
            record("{\"b\": {}}", 4),
            record("{}", 4)
        ]
    );
    assert_eq!(all(true, "{\"users\": 1}"), [record("{\"users\": 1}", 1)]);
}

#[test]
fn pages_may_follow_each_other_and_other_text_may_not() {
    let expected = [record("1", 1), record("2", 1), record("3", 2)];
    assert_eq!(all(true, "[1,2]\n[][3]\n"), expected);
    let pages = "{\"Users\":[{}],\"Next\":\"a\"}\n{\"Users\":[]}{\"Users\":[{}]}";
    assert_eq!(all(true, pages), [record("{}", 1), record("{}", 2)]);
    for (text, message) in [
        ("[1]\nx", "line 2: text follows the array of users"),
        ("[1][2", "line 1: the array is never closed"),
        ("{\"users\":[{}]", "line 1: the object is never closed"),
        ("{\n\"a\":1}\nx", "line 3: text stands between the objects"),
        ("{}\n{\"a\":{}", "line 2: the object is never closed"),
    ] {
        assert_eq!(read(true, text).unwrap_err().to_string(), message);
    }
}
