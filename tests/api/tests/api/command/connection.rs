//! Which API the command talks to, as whom, and how it ends when that fails.

use std::process::Stdio;

use axum::Router;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::{Ended, Machine, serve};
use crate::fixture::{ADMIN, Fixture, ORDINARY};

#[tokio::test]
async fn each_kind_of_failure_has_its_exit_code() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let url = front.url();
    let machine = Machine::new();
    let stats = ["stats", "--url", &url];
    let admin = fixture.token(ADMIN);
    let ordinary = fixture.token(ORDINARY);

    machine
        .run(&["stats"])
        .await
        .assert(2, "error: an API is needed");
    machine
        .run(&stats)
        .await
        .assert(2, "error: a token is needed");
    machine
        .run(&["stats", "--profile", "x"])
        .await
        .assert(2, "there is no profile x");
    machine
        .run(&["stats", "--url", "ftp://x"])
        .await
        .assert(2, "must begin with https://");
    machine
        .run(&["nonsense"])
        .await
        .assert(2, "unrecognized subcommand");
    let bad = machine
        .run(&[&stats[..], &["--token", "a b"]].concat())
        .await;
    bad.assert(2, "is more than one word");

    let wrong = machine
        .run(&[&stats[..], &["--token", "nonsense"]].concat())
        .await;
    wrong.assert(
        3,
        "error: the API answers 401: A valid bearer token of an active user is required (request ",
    );
    let other = machine
        .run(&[&stats[..], &["--token", &ordinary]].concat())
        .await;
    other.assert(3, "the API answers 403: ");
    let list = [
        "users", "list", "--url", &url, "--token", &admin, "--cursor", "nonsense",
    ];
    machine.run(&list).await.assert(3, "the API answers 400: ");

    drop(front);
    let down = machine
        .run(&[&stats[..], &["--token", &admin, "--retries", "1"]].concat())
        .await;
    down.assert(4, "the API cannot be reached: ");
    assert_eq!(
        down.stderr.matches("trying again in ").count(),
        1,
        "{}",
        down.stderr
    );
    machine
        .run(&["health", "--url", &url])
        .await
        .assert(4, "the API cannot be reached: ");
}

#[tokio::test]
async fn another_service_is_not_taken_for_rollcall() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(|| async { "<html>welcome</html>" });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let machine = Machine::new();
    for command in ["stats", "health"] {
        let ended = machine.run(&[command, "--url", &url, "--token", "x"]).await;
        ended.assert(4, "is the URL right?");
        assert_eq!(ended.stdout, "");
    }
}

#[tokio::test]
async fn profiles_name_deployments() {
    let (fixture, other) = (Fixture::new().await, Fixture::new().await);
    let (front, other_front) = (serve(&fixture).await, serve(&other).await);
    let machine = Machine::new();
    machine.configure(&format!(
        "default_profile = \"one\"\n\
         [profiles.one]\nurl = \"{}\"\ntoken = \"{}\"\n\
         [profiles.other]\nurl = \"{}/\"\ntoken_command = \"cat token\"\n",
        front.url(),
        fixture.token(ADMIN),
        other_front.url()
    ));
    machine.write("token", other.token(ADMIN));
    sqlx::query("DELETE FROM users WHERE username = 'ordinary'")
        .execute(other.database.pool())
        .await
        .unwrap();

    let count = async |arguments: &[&str]| machine.output(arguments).await.lines().count();
    let list = ["users", "list", "--json"];
    assert_eq!(count(&list).await, 3);
    assert_eq!(
        count(&[&list[..], &["--profile", "other"]].concat()).await,
        2
    );
    let mut command = machine.command(&list);
    let ended = Ended::of(command.env("ROLLCALL_PROFILE", "other")).await;
    assert_eq!(ended.stdout.lines().count(), 2, "{}", ended.stderr);
    let mut command = machine.command(&list);
    command.env("ROLLCALL_URL", other_front.url());
    Ended::of(&mut command).await.assert(2, "a token is needed");
    command.env("ROLLCALL_TOKEN", other.token(ADMIN));
    assert_eq!(Ended::of(&mut command).await.stdout.lines().count(), 2);

    machine.configure("[profiles.one]\nurl = \"x\"\npassword = \"secret\"\n");
    let ended = machine.run(&list).await;
    ended.assert(2, "config.toml, line 3: unknown field `password`");
    assert!(!ended.stderr.contains("secret"));
}

#[tokio::test]
async fn a_token_command_runs_again_when_its_token_is_refused() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::new();
    machine.write("token", "expired");
    machine.write("good", fixture.token(ADMIN));
    let command = "cat token; cp good token";
    let url = front.url();
    let stats = ["stats", "--url", &url, "--token-command"];
    machine.output(&[&stats[..], &[command]].concat()).await;
    machine.write("token", "expired");
    machine
        .run(&[&stats[..], &["cat token"]].concat())
        .await
        .assert(3, "401");
    machine
        .run(&[&stats[..], &["exit 7"]].concat())
        .await
        .assert(2, "the token command failed");
}

#[tokio::test]
async fn a_token_is_printed_or_signed() {
    let fixture = Fixture::new().await;
    let front = serve(&fixture).await;
    let machine = Machine::of(&fixture, &front.url());
    assert_eq!(
        machine.output(&["token"]).await.trim(),
        fixture.token(ADMIN)
    );

    let sign = async |key: &str, further: &[&str]| {
        let arguments = ["token", "--key-from-stdin", "--user", "1"];
        let mut command = machine.command(&[&arguments[..], further].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin
            .write_all(format!("{key}\n").as_bytes())
            .await
            .unwrap();
        drop(stdin);
        child.wait_with_output().await.unwrap()
    };
    let url = front.url();
    let (right, wrong) = (fixture.key.verification_key(), "x".repeat(32));
    for (key, further, code) in [
        (&right, &[][..], 0),
        (
            &right,
            &["--minutes", "5", "--claims", "type=access,use=api"],
            0,
        ),
        (&wrong, &[], 3),
    ] {
        let output = sign(key, further).await;
        let token = String::from_utf8(output.stdout).unwrap();
        let stats = ["stats", "--url", &url, "--token", token.trim()];
        let ended = machine.run(&stats).await;
        assert_eq!(ended.code, Some(code), "{further:?} {}", ended.stderr);
    }
    assert_eq!(sign("short", &[]).await.status.code(), Some(2));
}
