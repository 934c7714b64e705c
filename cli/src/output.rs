//! Results on standard output, notes on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, ensure};
use unicode_width::UnicodeWidthStr as _;

/// Prints a result. It fails if the reader of a pipe has gone.
pub fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{text}")
}

/// Prints what is not a result. Nobody needs to read it.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Asks whether something shall be done. Where nobody can be asked, it fails with what to say instead.
pub fn confirm(question: &str, instead: &str) -> Result<bool> {
    ensure!(
        io::stdin().is_terminal(),
        "nobody can be asked here: give {instead}"
    );
    note(&format!("{question} [y/N]"));
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Lines with aligned columns.
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    continue_table(rows, &mut [0; COLUMNS])
}

/// Further lines of a table whose columns are at least this wide.
pub fn continue_table<const COLUMNS: usize>(
    rows: &[[String; COLUMNS]],
    widths: &mut [usize; COLUMNS],
) -> String {
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&*widths).map(|(cell, width)| {
            let padding = " ".repeat(width - cell.width());
            format!("{}{padding}", printable(cell))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Text of a database must not control the terminal.
pub fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_the_width_of_what_is_shown() {
        let rows = [["name", "id"], ["Ada", "1"], ["山田太郎", "20"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "name      id\nAda       1\n山田太郎  20");
    }

    #[test]
    fn a_name_cannot_control_the_terminal() {
        let rows = [["\u{1b}[2Jx".to_owned()]];
        assert_eq!(table(&rows), "\u{fffd}[2Jx");
    }
}
