//! What happens to guarded processes when their owner ends, in order or not.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use servers::guard::GuardedCommand;
use servers::{Postgres, PostgresOptions};

/// Tells a copy of this test program to be the owner, and which folder to write process ids to.
const OWNER_VARIABLE: &str = "GUARD_TEST_OWNER";

/// A program with a child of its own; both write their process ids and wait for ever.
const FAMILY: &str = "sleep 1000 & echo $! $$ > \"$1.new\" && mv \"$1.new\" \"$1\"; wait; wait";

fn family(setup: &str, pids: &Path) -> GuardedCommand {
    let mut command = GuardedCommand::new("sh").stop_limit(Duration::from_millis(500));
    let script = format!("{setup} {FAMILY}");
    command.command().args(["-c", &script, "sh"]).arg(pids);
    command
}

/// Deaf to every polite signal.
fn deaf_family(pids: &Path) -> GuardedCommand {
    family("trap '' INT TERM;", pids)
}

fn await_pids(file: &Path) -> Vec<i32> {
    await_condition("the process ids are written", || file.exists());
    let text = fs::read_to_string(file).unwrap();
    let pids = text.split_whitespace();
    pids.map(|pid| pid.parse().unwrap()).collect()
}

fn await_condition(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited too long until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn await_end(pids: &[i32]) {
    for pid in pids {
        await_condition("the processes are gone", || is_gone(*pid));
    }
}

/// In a container, an init that never waits keeps dead orphans listed. macOS has no /proc, and no such init.
fn is_gone(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
        || stat.is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn killing_the_owner_outright_ends_its_processes_and_deletes_their_folders() {
    if let Some(folder) = std::env::var_os(OWNER_VARIABLE) {
        let folder = Path::new(&folder);
        let _family = family("", &folder.join("family")).spawn();
        let deaf = deaf_family(&folder.join("deaf")).temporary_folder(&folder.join("temporary"));
        let _deaf = deaf.spawn();
        let server = Postgres::start(&PostgresOptions::temporary()).unwrap();
        std::os::unix::fs::symlink(server.folder(), folder.join("data")).unwrap();
        fs::write(folder.join("server.new"), server.pid().to_string()).unwrap();
        fs::rename(folder.join("server.new"), folder.join("server")).unwrap();
        thread::sleep(Duration::from_mins(10));
        return;
    }
    // As in a container with such an init, nobody waits for a server that has lost its owner.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let test = "killing_the_owner_outright_ends_its_processes_and_deletes_their_folders";
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(OWNER_VARIABLE, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let files = ["family", "deaf", "server"].map(|name| folder.path().join(name));
    let pids: Vec<i32> = files.iter().flat_map(|file| await_pids(file)).collect();
    let data = fs::read_link(folder.path().join("data")).unwrap();
    assert_eq!(pids.len(), 5);
    assert!(pids.iter().all(|pid| !is_gone(*pid)) && data.exists());

    owner.kill().unwrap();
    owner.wait().unwrap();

    await_end(&pids);
    await_condition("the folder is deleted", || !temporary.exists());
    await_condition("the data is deleted", || !data.exists());
}

#[test]
fn dropping_a_process_stops_it_and_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let process = family("", &file).spawn().unwrap();
    let pids = await_pids(&file);

    drop(process);

    await_end(&pids);
}

#[test]
fn a_process_that_ignores_the_signal_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let process = deaf_family(&file).spawn().unwrap();
    let pids = await_pids(&file);

    process.stop().unwrap();

    assert!(process.try_wait().unwrap().is_some());
    await_end(&pids);
}

#[test]
fn a_guarded_program_gets_an_interrupt_and_its_exit_status_comes_through() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let script = "trap 'exit 3' INT; : > \"$1\"; while :; do sleep 0.05; done";
    let mut command = GuardedCommand::new("sh");
    command.command().args(["-c", script, "sh"]).arg(&ready);
    let process = command.spawn().unwrap();

    await_condition("the program listens for the signal", || ready.exists());
    process.stop().unwrap();

    assert_eq!(process.wait().unwrap().code(), Some(3));
}
