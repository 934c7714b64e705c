//! Searches as people type and paste them: for users of `../../cases`.

use crate::fixture::Fixture;
use crate::imports::BULK;

/// Imports the users of these files, and answers what lists find of them.
async fn check(files: &[&str], searches: &[(&str, &[&str])]) {
    let fixture = Fixture::new().await;
    let imports = fixture.start("bulk-create").await;
    for file in files {
        let path = format!("{}/cases/{file}", env!("CARGO_MANIFEST_DIR"));
        let request = fixture
            .post(BULK)
            .header("content-type", "application/x-ndjson")
            .body(std::fs::read(path).unwrap());
        let response = imports.send(&request).await;
        assert_eq!(response.status, 201, "{}", response.text());
    }
    let lists = fixture.start("users").await;
    for (search, expected) in searches {
        let path = format!("/api/v1/users?sort_by=username&sort_order=asc&search={search}");
        let response = lists.send(&fixture.get(&path)).await;
        assert_eq!(response.status, 200, "{search}: {}", response.text());
        let body = response.json();
        let users = body["items"].as_array().unwrap().iter();
        let found: Vec<_> = users
            .map(|user| user["username"].as_str().unwrap())
            .collect();
        assert_eq!(found, *expected, "{search}");
        assert_eq!(body["total"], expected.len(), "{search}");
    }
}

#[tokio::test]
async fn a_name_is_found_however_it_is_composed_and_without_its_accents() {
    check(
        &["B07-search-decomposed.ndjson"],
        &[
            ("Jos%C3%A9%20Mu%C3%B1oz", &["b07.jose"]),
            ("Jose%CC%81%20Mun%CC%83oz", &["b07.jose"]),
            ("jose+munoz", &["b07.jose"]),
            ("%EA%B9%80%EB%AF%BC", &["b07.minji"]),
            (
                "%E1%84%80%E1%85%B5%E1%86%B7%E1%84%86%E1%85%B5%E1%86%AB",
                &["b07.minji"],
            ),
            // 기 is another syllable than the first one of 김민지.
            ("%EA%B8%B0", &[]),
            ("Nguye%CC%82%CC%83n", &["b07.duc"]),
            ("nguyen+duc+thinh", &["b07.duc"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_name_is_found_whatever_its_language_says_of_the_case_of_i() {
    let (ibrahim, irmak): (&[&str], &[&str]) = (&["b08.ibrahim"], &["b08.irmak"]);
    check(
        &["B08-search-turkish.ndjson"],
        &[
            ("%C4%B0brahim", ibrahim),
            ("ibrahim", ibrahim),
            ("I%C5%9EIK", ibrahim),
            ("%C4%B1%C5%9F%C4%B1k", ibrahim),
            ("isik", ibrahim),
            ("YILDIZ", irmak),
            ("y%C4%B1ld%C4%B1z", irmak),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_term_is_found_as_it_was_pasted() {
    let (agnes, jurgen): (&[&str], &[&str]) = (&["b10.agnes"], &["b10.jurgen"]);
    check(
        &["B10-search-as-pasted.ndjson"],
        &[
            ("b10.agnes%40example.com", agnes),
            ("%20b10.agnes%40example.com", agnes),
            ("b10.agnes%40example.com%20", agnes),
            ("b10.agnes%40example.com%09", agnes),
            ("b10.agnes%40example.com%0D%0A", agnes),
            ("%C2%A0Agnes%C2%A0Thorne", agnes),
            ("Agnes%20Thorne", agnes),
            ("J%C3%BCrgen%20Ott", jurgen),
            ("%22J%C3%BCrgen%20Ott%22", jurgen),
            (
                "%20",
                &["admin", "b10.agnes", "b10.jurgen", "ordinary", "retired"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn words_are_found_in_any_order_and_field_and_what_is_in_quotes_as_it_stands() {
    check(
        &[
            "B07-search-decomposed.ndjson",
            "B10-search-as-pasted.ndjson",
        ],
        &[
            ("thorne+agnes", &["b10.agnes"]),
            ("%22thorne+agnes%22", &[]),
            ("%22Agnes+Thorne%22+b10", &["b10.agnes"]),
            ("example.com+j+1", &["b07.jose", "b10.jurgen"]),
            ("o+j", &["b07.jose", "b07.minji", "b10.jurgen"]),
            ("agnes+jurgen", &[]),
            // A quote that is not closed is a character, which nobody has.
            ("%22agnes", &[]),
        ],
    )
    .await;
}
