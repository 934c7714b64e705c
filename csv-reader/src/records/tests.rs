use proptest::{collection::vec, prelude::*};

use super::*;

fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let owned = |record: Record<'_>| {
        let cells = record.cells.into_iter().map(|cell| cell.text.into_owned());
        (record.line, cells.collect())
    };
    Records::of_file(text)
        .map(|record| owned(record.unwrap()))
        .collect()
}

fn errors(text: &str) -> Vec<(usize, Problem)> {
    Records::of_file(text)
        .filter_map(Result::err)
        .map(|error| (error.line, error.problem))
        .collect()
}

fn cells(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

#[test]
fn cells_and_lines_may_be_written_in_all_allowed_ways() {
    let text = "a,\"b\",\r\n\n\"x \"\"y\"\",\r\nz\",,\"\"\nlast,,end";
    assert_eq!(
        records(text),
        [
            (1, cells(&["a", "b", ""])),
            (3, cells(&["x \"y\",\r\nz", "", ""])),
            (5, cells(&["last", "", "end"])),
        ]
    );
}

#[test]
fn lines_end_as_on_every_platform() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "\"c", "d\",e", "", "f,g"].join(end);
        let expected = [
            (1, cells(&["a", "b"])),
            (2, cells(&[&format!("c{end}d"), "e"])),
            (5, cells(&["f", "g"])),
        ];
        assert_eq!(records(&text), expected, "{end:?}");
    }
}

#[test]
fn a_byte_order_mark_and_a_line_with_the_delimiter_come_before_the_header() {
    let text = "\u{feff}sep=;\r\na;\"b;c\"\r\nd;e,f\u{1a}";
    let mut found = records(text);
    assert_eq!(found.remove(0), (2, cells(&["a", "b;c"])));
    assert_eq!(records("a\tb, c\td\n1\t2\t3\n")[0].1, ["a", "b, c", "d"]);
}

#[test]
fn the_end_of_file_character_of_dos_is_no_record() {
    assert_eq!(records("a,b\r\nc,d\r\n\u{1a}").len(), 2);
}

#[test]
fn records_without_any_text_are_left_out() {
    for text in ["", "\r\n\n", "   \n", ",,\n,,\n", "\"\",\" \"\n"] {
        assert_eq!(records(text), [], "{text:?}");
    }
    assert_eq!(records("a,b\n,,\n   \nc,d\n")[1], (4, cells(&["c", "d"])));
}

#[test]
fn spaces_may_stand_around_a_quoted_cell() {
    let found = records("\"a\", \"b \" ,\"c\" \n");
    assert_eq!(found, [(1, cells(&["a", "b ", "c"]))]);
}

#[test]
fn quotes_are_told_from_their_absence() {
    let record = Records::of_file("NULL,\"NULL\"").next().unwrap().unwrap();
    let are_quoted: Vec<_> = record.cells.iter().map(|cell| cell.is_quoted).collect();
    assert_eq!(are_quoted, [false, true]);
    assert_eq!(record.raw, "NULL,\"NULL\"");
}

#[test]
fn every_misplaced_quote_is_named_by_line_and_reading_continues_behind_it() {
    assert_eq!(
        errors("a,b\nc\"d\",e\n\"f\"g,h\ni,j\n\"k\nl\"\n\"m\nn\n"),
        [
            (2, Problem::QuoteInsideCell),
            (3, Problem::TextAfterQuote),
            (7, Problem::UnclosedQuote),
        ]
    );
}

#[test]
fn a_malformed_record_is_given_as_it_was_written() {
    let text = "a,b\r\n\"c\nd\",e\"f\r\ng,h\n\"i\nj";
    let malformed = Records::of_file(text).filter_map(Result::err);
    let raw: Vec<_> = malformed.map(|malformed| malformed.raw).collect();
    assert_eq!(raw, ["\"c\nd\",e\"f", "\"i\nj"]);
}

#[test]
fn cells_beyond_the_limit_are_counted_and_not_kept() {
    let text = format!("a,b,c{}\nd,e,,\n", ",\"\"\"\"".repeat(1_000_000));
    let records: Vec<_> = Records::of_file(&text)
        .keeping(2)
        .map(Result::unwrap)
        .collect();
    assert_eq!(records[0].cells.len(), 2);
    assert_eq!(records[0].cell_count, 1_000_003);
    assert_eq!(records[0].filled_count, 1_000_003);
    assert_eq!(records[1].cell_count, 4);
    assert_eq!(records[1].filled_count, 2);
}

#[test]
fn many_quotes_are_read_in_one_pass() {
    let quotes = "\"".repeat(8_000_000);
    assert_eq!(records(&quotes)[0].1[0].len(), 3_999_999);
}

/// A cell as RFC 4180 has it written, in quotes where it must be or `always`.
fn written(cell: &str, always: bool) -> String {
    if always || cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn file(rows: &[Vec<(String, bool)>], end: &str) -> String {
    let rows = rows.iter().map(|row| {
        let cells = row.iter().map(|(cell, always)| written(cell, *always));
        cells.collect::<Vec<_>>().join(",") + end
    });
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_was_written_is_read_back(
        rows in vec(vec((any::<String>(), any::<bool>()), 1..5), 1..5),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
    ) {
        let text = file(&rows, end);
        let found: Vec<Vec<String>> = Records::resume(&text, b',', 1)
            .map(|record| record.unwrap().cells.into_iter().map(|cell| cell.text.into_owned()).collect())
            .collect();
        let is_filled = |row: &Vec<String>| row.iter().any(|cell| !cell.trim().is_empty());
        let expected: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(|(cell, _)| cell).collect())
            .filter(is_filled)
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_file_in_two_parts_has_the_records_of_the_whole(
        rows in vec(vec(("[a\"\r\n,é ]{0,4}", any::<bool>()), 1..4), 1..5),
        end in prop_oneof![Just("\n"), Just("\r\n")],
        cut in any::<prop::sample::Index>(),
    ) {
        let text = file(&rows, end);
        let whole: Vec<_> = Records::resume(&text, b',', 1).map(Result::unwrap).collect();
        let cut = text.floor_char_boundary(cut.index(text.len() + 1));
        let mut first = Records::resume(&text[..cut], b',', 1).of_part();
        let mut found: Vec<_> = first.by_ref().map(Result::unwrap).collect();
        let rest = &text[first.position()..];
        found.extend(Records::resume(rest, b',', first.line()).map(Result::unwrap));
        prop_assert_eq!(found, whole);
    }

    #[test]
    fn malformed_records_are_the_same_in_parts(
        text in "[\",;a\r\n é]{0,40}",
        cut in any::<prop::sample::Index>(),
    ) {
        let whole: Vec<_> = Records::resume(&text, b',', 1).collect();
        let cut = text.floor_char_boundary(cut.index(text.len() + 1));
        let mut first = Records::resume(&text[..cut], b',', 1).of_part();
        let mut found: Vec<_> = first.by_ref().collect();
        let rest = &text[first.position()..];
        found.extend(Records::resume(rest, b',', first.line()));
        prop_assert_eq!(found, whole);
    }

    #[test]
    fn any_text_comes_to_an_end_on_a_line_that_it_has(text in "[\",;a\r\n é]{0,40}") {
        let lines = line_ends(&text) + 1;
        for record in Records::of_file(&text) {
            let line = record.map_or_else(|error| error.line, |record| record.line);
            prop_assert!((1..=lines).contains(&line));
        }
    }
}
