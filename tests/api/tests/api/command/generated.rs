//! What packages are made of: completions, man pages and help.

use std::fs;

use servers::places::workspace_root;

use super::{Ended, Machine, binary};

#[tokio::test]
async fn a_shell_loads_the_completions() {
    let machine = Machine::new();
    let mut shell = machine.program("bash");
    let script = "source <(\"$0\" completions bash) && complete -p rollcall";
    shell.args(["-euc", script]).arg(binary());
    let ended = Ended::of(&mut shell).await;
    assert!(
        ended.stdout.contains("-F _rollcall"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        let script = machine.output(&["completions", shell]).await;
        assert!(script.contains("token-command"), "{shell}: {script}");
    }
}

#[tokio::test]
async fn each_command_has_a_man_page() {
    let machine = Machine::new();
    machine.output(&["man", "man1"]).await;
    for (page, content) in [
        ("rollcall.1", "ROLLCALL"),
        ("rollcall-import.1", "dry"),
        ("rollcall-users-list.1", "search"),
    ] {
        let text = machine.read(&format!("man1/{page}"));
        assert!(text.contains(content), "{page}: {text}");
    }
}

#[tokio::test]
async fn help_has_examples_and_the_exit_codes_of_the_readme() {
    let machine = Machine::new();
    let help = machine.output(&["--help"]).await;
    let readme = fs::read_to_string(workspace_root().join("README.md")).unwrap();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for code in codes.lines() {
        let (code, meaning) = code.trim().split_once("  ").unwrap();
        let row = format!("| {code} | {meaning} |");
        assert!(readme.contains(&row), "{row} is not in README.md");
    }
    for part in ["Examples:", "token_command", "Exit codes:", "import"] {
        assert!(help.contains(part), "{part} is not in {help}");
    }
    for command in [
        &["import"][..],
        &["users", "list"],
        &["users", "get"],
        &["users", "create"],
        &["users", "set"],
        &["users", "deactivate"],
        &["users", "delete"],
        &["export"],
        &["stats"],
        &["signups"],
        &["token"],
    ] {
        let help = machine.output(&[command, &["--help"]].concat()).await;
        assert!(help.contains("Example"), "{help}");
    }
}
