//! Private PostgreSQL servers, on whatever server programs this machine has.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use servers::{Authority, Postgres, PostgresOptions};

/// The code of an `SSLRequest`, which every server answers with one letter before any log-in.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

fn answers(port: u16) -> bool {
    answer_to_ssl_request(port) == Some(*b"N")
}

fn answer_to_ssl_request(port: u16) -> Option<[u8; 1]> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut letter = [0; 1];
    stream.write_all(&SSL_REQUEST).unwrap();
    stream.read_exact(&mut letter).ok().map(|()| letter)
}

#[test]
fn a_server_with_a_certificate_offers_tls() {
    let authority = Authority::new().unwrap();
    let options = PostgresOptions::temporary().with_tls(&authority).unwrap();
    let server = Postgres::start(&options).unwrap();

    assert_eq!(answer_to_ssl_request(server.port()), Some(*b"S"));
}

#[test]
fn a_temporary_server_answers_and_leaves_no_data_behind() {
    let server = Postgres::start(&PostgresOptions::temporary()).unwrap();
    let port = server.port();
    let folder = server.folder().to_path_buf();

    assert!(answers(port));
    assert!(
        server
            .url("app")
            .ends_with(&format!("@127.0.0.1:{port}/app"))
    );
    server.stop().unwrap();

    assert!(!answers(port));
    assert!(!folder.exists());
}

#[test]
fn servers_started_at_once_get_ports_of_their_own() {
    let servers: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| Postgres::start(&PostgresOptions::temporary()).unwrap()))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });

    let mut ports: Vec<_> = servers.iter().map(Postgres::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 3);
    assert!(ports.into_iter().all(answers));
}

#[test]
fn a_persistent_server_keeps_its_data_and_its_password() {
    let parent = tempfile::tempdir().unwrap();
    let options = PostgresOptions::persistent(parent.path().join("postgres"));

    let first = Postgres::start(&options).unwrap();
    let home = first.folder().to_path_buf();
    let made = fs::metadata(home.join("data/PG_VERSION"))
        .unwrap()
        .modified()
        .unwrap();
    let password = fs::read(home.join("password")).unwrap();
    let running = Postgres::url_of_running(&options, "app").unwrap();
    assert_eq!(running, Some(first.url("app")));
    first.stop().unwrap();
    assert_eq!(Postgres::url_of_running(&options, "app").unwrap(), None);

    let second = Postgres::start(&options).unwrap();
    let kept = fs::metadata(home.join("data/PG_VERSION"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(kept, made);
    assert_eq!(fs::read(home.join("password")).unwrap(), password);
    let permissions = fs::metadata(home.join("password"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(permissions & 0o777, 0o600);
    second.stop().unwrap();

    Postgres::erase(&options).unwrap();
    assert!(!home.exists());
}

#[test]
fn a_wrong_setting_fails_at_once_with_the_words_of_the_server() {
    let started = Instant::now();
    let options = PostgresOptions::temporary().setting("max_connections", "many");

    let failed = Postgres::start(&options).unwrap_err().to_string();

    assert!(failed.contains("max_connections"), "{failed}");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn data_of_another_major_version_is_refused_with_a_way_out() {
    let parent = tempfile::tempdir().unwrap();
    let options = PostgresOptions::persistent(parent.path().join("postgres"));
    let server = Postgres::start(&options).unwrap();
    let home = server.folder().to_path_buf();
    server.stop().unwrap();
    fs::write(home.join("data/PG_VERSION"), "9\n").unwrap();

    let refused = Postgres::start(&options).unwrap_err().to_string();

    assert!(refused.contains("was made by PostgreSQL 9"), "{refused}");
    assert!(refused.contains("--reset"), "{refused}");
    Postgres::erase(&options).unwrap();
}
