//! The precondition of a change (RFC 9110, section 13.1.1).

use lambda_http::http::{HeaderMap, header};

use crate::platform::error::Error;

/// What `If-Match` asks of what is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// That it is there: `*`.
    Any,
    /// That it has one of these tags, written without quotes.
    Tags(Vec<String>),
}

impl IfMatch {
    /// Reads the header, if there is one. A weak tag is the tag of nothing here.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
        if lines.peek().is_none() {
            return Ok(None);
        }
        let texts: Option<Vec<_>> = lines.map(|line| line.to_str().ok()).collect();
        let parsed = texts.and_then(|texts| parse(&texts.join(",")));
        parsed.map(Some).ok_or_else(|| {
            Error::invalid_request(
                "The If-Match header must be * or a list of entity tags in quotes, such as \"abc\"",
            )
        })
    }

    /// The tags, or `None` if every one will do.
    #[must_use]
    pub fn tags(&self) -> Option<&[String]> {
        match self {
            Self::Any => None,
            Self::Tags(tags) => Some(tags),
        }
    }
}

fn parse(text: &str) -> Option<IfMatch> {
    if text.trim() == "*" {
        return Some(IfMatch::Any);
    }
    let mut tags = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Some(IfMatch::Tags(tags));
        }
        let strong = rest.strip_prefix('"');
        let (tag, after) = strong
            .or_else(|| rest.strip_prefix("W/\""))?
            .split_once('"')?;
        if strong.is_some() {
            tags.push(tag.to_owned());
        }
        rest = after.trim_start();
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_in_quotes_and_weak_ones_match_nothing() {
        let tags = |tags: &[&str]| {
            let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
            Some(IfMatch::Tags(tags))
        };
        assert_eq!(parse(" * "), Some(IfMatch::Any));
        assert_eq!(parse(r#""a""#), tags(&["a"]));
        assert_eq!(parse(r#""a,b" ,, W/"c", "d""#), tags(&["a,b", "d"]));
        assert_eq!(parse(r#"W/"a""#), tags(&[]));
        for text in ["a", r#""a"#, r#""a" "b""#, r#"*, "a""#, r#"w/"a""#] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
