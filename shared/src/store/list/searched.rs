//! What a search looks into and how.

use sqlx::{Postgres, QueryBuilder};
use users_table::{character_pairs_of, folded_text_of, rare_text_of, uncommon_characters_of};

use super::short_words::{self, Lookup, lookup};
use crate::users::{Filter, SearchTerm, SearchWord};

/// The columns that a search looks into.
pub(super) const COLUMNS: &str = "username, email, full_name";

/// How many short words indexes are asked for. A word has five regular expressions, and the server looks up each of them
/// with each one of the other word: three words would be 125 scans of the index.
const MAX_SHORT_WORDS: usize = 2;

/// What a search looks into: the same expression as in the index `ix_users_folded`. The separator cannot be
/// searched for, so nothing is found across fields.
pub(super) fn folded_text() -> String {
    folded_text_of("username", "email", "full_name")
}

/// The condition that a row matches which is looked at; `text` is what SQL calls its folded text.
pub(super) fn push_is_match(sql: &mut QueryBuilder<'_, Postgres>, term: &SearchTerm, text: &str) {
    for (position, word) in term.words().iter().enumerate() {
        if position > 0 {
            sql.push(" AND ");
        }
        if word.has_space() {
            sql.push(format_args!("{text} ~ "))
                .push_bind(word.regular_expression());
        } else {
            sql.push(format_args!("strpos({text}, "))
                .push_bind(word.as_str().to_owned())
                .push(") > 0");
        }
    }
}

/// The same as a condition that indexes serve, where they serve the term. Only the words with the best lookup have it;
/// the others pick from what these find.
pub(super) fn push_condition(sql: &mut QueryBuilder<'_, Postgres>, term: &SearchTerm) {
    let text = folded_text();
    let asked = Asked::of(term);
    sql.push("(");
    asked.push_words(sql, &text);
    if asked.best == Lookup::Neighbors {
        sql.push(" OR (");
        asked.push_all_words(sql, &text);
        asked.push_any_pair(sql);
        sql.push(")");
    }
    sql.push(")");
}

/// Selects columns of the users who match, by the same indexes. Those who have short words in plain texts and those who
/// have one in another text are selected by themselves: one condition for both would be checked again for each user,
/// and to look for pairs there takes longest of all. Texts of the latter take long to fold, so that it is done once.
pub(super) fn push_found(sql: &mut QueryBuilder<'_, Postgres>, columns: &str, term: &SearchTerm) {
    let select = format!("SELECT {columns} FROM users WHERE ");
    let text = folded_text();
    let asked = Asked::of(term);
    sql.push(&select);
    asked.push_words(sql, &text);
    if asked.best == Lookup::Neighbors {
        sql.push(format_args!(
            " UNION ALL SELECT {columns}
             FROM (
                 SELECT id, username, email, created_at, is_active, is_superuser, {text} AS folded_text
                 FROM users
                 WHERE "
        ));
        asked.push_any_pair(sql);
        sql.push(" OFFSET 0) AS users WHERE ");
        asked.push_all_words(sql, "folded_text");
        sql.push("NOT (");
        asked.push_words(sql, "folded_text");
        sql.push(")");
    }
}

/// The words of a term, and which of them indexes are asked for.
struct Asked<'t> {
    words: &'t [SearchWord],
    best: Lookup,
    with_best: Vec<&'t SearchWord>,
}

impl<'t> Asked<'t> {
    fn of(term: &'t SearchTerm) -> Self {
        let words = term.words();
        let best = words.iter().map(lookup).max().unwrap_or(Lookup::None);
        let with_best = words.iter().filter(|word| lookup(word) == best);
        Self {
            words,
            best,
            with_best: with_best.take(MAX_SHORT_WORDS).collect(),
        }
    }

    /// A user has all words; short ones in plain texts, if they are looked up by neighbors.
    fn push_words(&self, sql: &mut QueryBuilder<'_, Postgres>, text: &str) {
        for (position, word) in self.words.iter().enumerate() {
            if position > 0 {
                sql.push(" AND ");
            }
            let is_asked = self.with_best.contains(&word);
            push_word(
                sql,
                word,
                if is_asked { self.best } else { Lookup::None },
                text,
            );
        }
    }

    /// A user has a short word in another text than a plain one.
    fn push_any_pair(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        let words = self.with_best.iter();
        let pairs: Vec<_> = words.map(|word| short_words::pairs(word)).collect();
        push_pairs(sql, pairs.join(" | "));
    }

    /// A user who has one of the words has all of them, and more conditions follow.
    fn push_all_words(&self, sql: &mut QueryBuilder<'_, Postgres>, text: &str) {
        if self.words.len() > 1 {
            for word in self.words {
                push_pattern(sql, word, text);
                sql.push(" AND ");
            }
        }
    }
}

/// A user has the word, in a plain text if it is looked up by neighbors.
fn push_word(sql: &mut QueryBuilder<'_, Postgres>, word: &SearchWord, lookup: Lookup, text: &str) {
    match lookup {
        Lookup::None | Lookup::Trigrams => push_pattern(sql, word, text),
        Lookup::Neighbors => {
            sql.push(format_args!("({text}) ~ ANY ("))
                .push_bind(short_words::with_neighbors(word))
                .push(")");
        }
        Lookup::Uncommon => push_uncommon(sql, short_words::uncommon(word)),
        Lookup::Pairs => push_pairs(sql, short_words::pairs(word)),
    }
    if !short_words::is_all(word, lookup) {
        sql.push(" AND ");
        push_pattern(sql, word, text);
    }
}

fn push_pattern(sql: &mut QueryBuilder<'_, Postgres>, word: &SearchWord, text: &str) {
    let (operator, pattern) = if word.has_space() {
        ("~", word.regular_expression())
    } else {
        ("LIKE", word.like_pattern())
    };
    sql.push(format_args!("({text}) {operator} "))
        .push_bind(pattern);
}

/// The same expressions as in the index `ix_users_pairs`.
fn push_pairs(sql: &mut QueryBuilder<'_, Postgres>, query: String) {
    let rare_text = rare_text_of("username", "email", "full_name");
    sql.push(format_args!(
        "(({rare_text}) <> '' AND {} @@ ",
        character_pairs_of(&rare_text)
    ))
    .push_bind(query)
    .push("::tsquery)");
}

/// The same expressions as in the index `ix_users_uncommon`.
fn push_uncommon(sql: &mut QueryBuilder<'_, Postgres>, stored: Vec<String>) {
    let [has_any, characters] = uncommon_characters_of("username", "email", "full_name");
    sql.push(format_args!("({has_any} AND {characters} && "))
        .push_bind(stored)
        .push(")");
}

/// The conditions on flags. Only those that are asked for, so that each combination has a plan of
/// its own.
pub(super) fn push_flags(sql: &mut QueryBuilder<'_, Postgres>, filter: &Filter) {
    for (column, wanted) in [
        ("is_active", filter.is_active),
        ("is_superuser", filter.is_superuser),
    ] {
        if let Some(wanted) = wanted {
            sql.push(format_args!(" AND {column} = {}", literal(wanted)));
        }
    }
}

/// A flag as SQL writes it.
pub(super) fn literal(flag: bool) -> &'static str {
    if flag { "TRUE" } else { "FALSE" }
}
