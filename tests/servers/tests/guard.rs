//! What happens to guarded processes when their owner ends, in order or not.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use servers::guard::{GuardedCommand, StopSignal};
use servers::{Postgres, PostgresOptions};

/// Tells a copy of this test program to be the owner, and which file to write process ids to.
const OWNER_VARIABLE: &str = "GUARD_TEST_OWNER";

/// A program with a child of its own; both write their process ids and wait for ever.
const FAMILY: &str = "sleep 1000 & echo $! $$ > \"$1.new\" && mv \"$1.new\" \"$1\"; wait";
/// The same, deaf to every polite signal.
const DEAF_FAMILY: &str =
    "trap '' INT TERM; sleep 1000 & echo $! $$ > \"$1.new\" && mv \"$1.new\" \"$1\"; wait; wait";

fn guarded_shell(script: &str, pids: &Path, leftover: Option<&Path>) -> GuardedCommand {
    let patience = Duration::from_millis(500);
    let mut command = GuardedCommand::new("sh", StopSignal::Terminate, patience, leftover);
    command.command().args(["-c", script, "sh"]).arg(pids);
    command
}

fn await_pids(file: &Path) -> Vec<i32> {
    await_condition("the process ids are written", || file.exists());
    let text = fs::read_to_string(file).unwrap();
    text.split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect()
}

fn await_condition(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn is_gone(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) || is_zombie(pid)
}

/// In a container, an init that never waits keeps dead orphans listed. macOS has no /proc, and no such
/// init.
fn is_zombie(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

/// Starts this very test in a copy of the program, as the owner of guarded processes.
fn spawn_owner(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(OWNER_VARIABLE, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn killing_the_owner_outright_ends_its_processes_and_their_children() {
    if let Some(folder) = std::env::var_os(OWNER_VARIABLE) {
        let folder = PathBuf::from(folder);
        let leftover = folder.join("leftover");
        let polite = guarded_shell(FAMILY, &folder.join("polite"), None).spawn();
        let deaf = guarded_shell(DEAF_FAMILY, &folder.join("deaf"), Some(&leftover)).spawn();
        thread::sleep(Duration::from_mins(10));
        drop((polite, deaf));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let leftover = folder.path().join("leftover");
    fs::create_dir(&leftover).unwrap();
    let mut owner = spawn_owner(
        "killing_the_owner_outright_ends_its_processes_and_their_children",
        folder.path(),
    );
    let mut pids = await_pids(&folder.path().join("polite"));
    pids.extend(await_pids(&folder.path().join("deaf")));
    assert_eq!(pids.len(), 4);
    assert!(pids.iter().all(|pid| !is_gone(*pid)));

    owner.kill().unwrap();
    owner.wait().unwrap();

    for pid in pids {
        await_condition("the processes are gone", || is_gone(pid));
    }
    await_condition("the leftover is deleted", || !leftover.exists());
}

#[test]
fn dropping_a_process_stops_it_and_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let process = guarded_shell(FAMILY, &file, None).spawn().unwrap();
    let pids = await_pids(&file);

    drop(process);

    for pid in pids {
        await_condition("the processes are gone", || is_gone(pid));
    }
}

#[test]
fn a_process_that_ignores_the_signal_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let process = guarded_shell(DEAF_FAMILY, &file, None).spawn().unwrap();
    let pids = await_pids(&file);

    process.stop().unwrap();

    assert!(process.try_wait().unwrap().is_some());
    for pid in pids {
        await_condition("the processes are gone", || is_gone(pid));
    }
}

#[test]
fn the_exit_status_of_the_program_comes_through() {
    let mut command =
        GuardedCommand::new("sh", StopSignal::Interrupt, Duration::from_secs(1), None);
    command.command().args(["-c", "exit 7"]);

    assert_eq!(command.run().unwrap().code(), Some(7));
}

#[test]
fn a_guarded_program_gets_an_interrupt_like_any_other() {
    let mut command =
        GuardedCommand::new("sh", StopSignal::Interrupt, Duration::from_secs(10), None);
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    command
        .command()
        .args([
            "-c",
            "trap 'exit 3' INT; : > \"$1\"; while :; do sleep 0.05; done",
            "sh",
        ])
        .arg(&ready);
    let process = command.spawn().unwrap();

    await_condition("the program listens for the signal", || ready.exists());
    process.stop().unwrap();

    assert_eq!(process.try_wait().unwrap().unwrap().code(), Some(3));
}

#[test]
fn killing_the_owner_of_a_database_server_ends_it_and_deletes_its_data() {
    if let Some(folder) = std::env::var_os(OWNER_VARIABLE) {
        let server = Postgres::start(&PostgresOptions::temporary()).unwrap();
        let told = format!("{}\n{}", server.pid(), server.folder().display());
        let file = PathBuf::from(folder).join("server");
        fs::write(file.with_extension("new"), told).unwrap();
        fs::rename(file.with_extension("new"), file).unwrap();
        thread::sleep(Duration::from_mins(10));
        return;
    }
    // As in a container with such an init, nobody waits for a server that has lost its owner.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server");
    let mut owner = spawn_owner(
        "killing_the_owner_of_a_database_server_ends_it_and_deletes_its_data",
        folder.path(),
    );
    await_condition("the server runs", || file.exists());
    let told = fs::read_to_string(&file).unwrap();
    let (pid, data) = told.split_once('\n').unwrap();
    let (pid, data) = (pid.parse().unwrap(), Path::new(data));
    assert!(!is_gone(pid) && data.exists());

    owner.kill().unwrap();
    owner.wait().unwrap();

    await_condition("the server is gone", || is_gone(pid));
    await_condition("its data is deleted", || !data.exists());
}
