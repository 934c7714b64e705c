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

/// What a server answers to an `SSLRequest`, before any log-in: `S` if it speaks TLS, or else `N`.
fn answer(port: u16) -> Option<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut letter = [0; 1];
    stream
        .write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
        .unwrap();
    stream.read_exact(&mut letter).ok().map(|()| letter[0])
}

fn start() -> Postgres {
    Postgres::start(&PostgresOptions::temporary()).unwrap()
}

#[test]
fn a_server_with_a_certificate_offers_tls() {
    let authority = Authority::new().unwrap();
    let options = PostgresOptions::temporary().with_tls(&authority).unwrap();
    let server = Postgres::start(&options).unwrap();

    assert_eq!(answer(server.port()), Some(b'S'));
}

#[test]
fn a_temporary_server_answers_and_leaves_no_data_behind() {
    let server = start();
    let port = server.port();
    let folder = server.folder().to_path_buf();

    assert_eq!(answer(port), Some(b'N'));
    assert!(
        server
            .url("app")
            .ends_with(&format!("@127.0.0.1:{port}/app"))
    );
    server.stop().unwrap();

    assert_eq!(answer(port), None);
    assert!(!folder.exists());
}

#[test]
fn servers_started_at_once_get_ports_of_their_own() {
    let servers = std::thread::scope(|scope| {
        let starts = [(); 3].map(|()| scope.spawn(start));
        starts.map(|start| start.join().unwrap())
    });

    let mut ports = servers.each_ref().map(Postgres::port);
    ports.sort_unstable();
    assert!(ports[0] < ports[1] && ports[1] < ports[2], "{ports:?}");
    assert_eq!(ports.map(answer), [Some(b'N'); 3]);
}

#[test]
fn a_persistent_server_keeps_its_data_and_its_password() {
    let parent = tempfile::tempdir().unwrap();
    let options = PostgresOptions::persistent(parent.path().join("postgres"));

    let first = Postgres::start(&options).unwrap();
    let folder = first.folder().to_path_buf();
    let made = || {
        fs::metadata(folder.join("data/PG_VERSION"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let (made_first, password) = (made(), first.password().to_owned());
    let running = Postgres::url_of_running(&options, "app").unwrap();
    assert_eq!(running, Some(first.url("app")));
    first.stop().unwrap();
    assert_eq!(Postgres::url_of_running(&options, "app").unwrap(), None);

    let second = Postgres::start(&options).unwrap();
    assert_eq!(made(), made_first);
    assert_eq!(second.password(), password);
    let permissions = fs::metadata(folder.join("password")).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    second.stop().unwrap();

    Postgres::erase(&options).unwrap();
    assert!(!folder.exists());
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
    let folder = tempfile::tempdir().unwrap();
    let options = PostgresOptions::persistent(folder.path());
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/PG_VERSION"), "9\n").unwrap();

    let refused = Postgres::start(&options).unwrap_err().to_string();

    assert!(refused.contains("was made by PostgreSQL 9"), "{refused}");
    assert!(refused.contains("--reset"), "{refused}");
}
