//! The Valkey server that tests start.

use servers::Valkey;

#[test]
fn a_server_answers_and_forgets_when_it_is_started_again() {
    let mut server = Valkey::start().unwrap();
    assert_eq!(server.command(&["SET", "key", "value"]).unwrap(), "OK");
    assert_eq!(server.command(&["GET", "key"]).unwrap(), "value");

    server.start_again().unwrap();
    assert_eq!(server.command(&["GET", "key"]).unwrap(), "");

    server.stop().unwrap();
    server.command(&["PING"]).unwrap_err();
}

#[test]
fn a_server_that_was_fetched_runs_like_that_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let program = servers::Toolbox::at(folder.path().join("tools"), false)
        .valkey()
        .unwrap();
    assert!(program.starts_with(folder.path()), "{}", program.display());
}
