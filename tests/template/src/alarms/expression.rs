//! Metric math, as far as the alarms use it.

use std::collections::BTreeMap;

/// The datapoints of each metric by its id; `None` where a period has none.
pub type Series = BTreeMap<String, Vec<Option<f64>>>;

/// The value of an expression in one period. It is missing where an operand is missing.
pub fn evaluate(expression: &str, series: &Series, period: usize) -> Option<f64> {
    let tokens = tokens(expression);
    let mut parser = Parser {
        tokens: &tokens,
        position: 0,
        series,
        period,
    };
    let value = parser.comparison();
    assert_eq!(
        parser.position,
        tokens.len(),
        "not read to the end: {expression}"
    );
    value
}

fn tokens(expression: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut follows = false;
    for c in expression.chars() {
        match tokens.last_mut() {
            Some(last) if follows && is_word(c) => last.push(c),
            Some(last) if c == '=' && last == ">" => last.push(c),
            _ if c.is_whitespace() => {}
            _ => tokens.push(c.to_string()),
        }
        follows = is_word(c);
    }
    tokens
}

struct Parser<'a> {
    tokens: &'a [String],
    position: usize,
    series: &'a Series,
    period: usize,
}

impl Parser<'_> {
    fn comparison(&mut self) -> Option<f64> {
        let left = self.sum();
        match self.take_one_of(&[">", ">="]) {
            None => left,
            Some(operator) => {
                let right = self.sum();
                let (left, right) = (left?, right?);
                let holds = if operator == ">" {
                    left > right
                } else {
                    left >= right
                };
                Some(f64::from(u8::from(holds)))
            }
        }
    }

    fn sum(&mut self) -> Option<f64> {
        let mut left = self.product();
        while let Some(operator) = self.take_one_of(&["+", "-"]) {
            let right = self.product();
            let signed = if operator == "+" {
                right
            } else {
                right.map(|value| -value)
            };
            left = left.zip(signed).map(|(left, right)| left + right);
        }
        left
    }

    fn product(&mut self) -> Option<f64> {
        let mut left = self.operand();
        while let Some(operator) = self.take_one_of(&["*", "/"]) {
            let right = self.operand();
            left = left.zip(right).map(|(left, right)| {
                if operator == "*" {
                    left * right
                } else {
                    left / right
                }
            });
        }
        // A division by zero has no result.
        left.filter(|value| value.is_finite())
    }

    fn operand(&mut self) -> Option<f64> {
        let token = self.next();
        match token.as_str() {
            "(" => {
                let value = self.comparison();
                self.expect(")");
                value
            }
            "FILL" => {
                let arguments = self.arguments("(", ")");
                arguments[0].or(arguments[1])
            }
            "IF" => {
                let arguments = self.arguments("(", ")");
                if arguments[0]? == 0.0 {
                    arguments[2]
                } else {
                    arguments[1]
                }
            }
            "MAX" => {
                self.expect("(");
                let values = self.arguments("[", "]");
                self.expect(")");
                values.into_iter().flatten().reduce(f64::max)
            }
            number if number.starts_with(|c: char| c.is_ascii_digit()) => number.parse().ok(),
            id => self
                .series
                .get(id)
                .unwrap_or_else(|| panic!("no metric {id}"))[self.period],
        }
    }

    fn arguments(&mut self, open: &str, close: &str) -> Vec<Option<f64>> {
        self.expect(open);
        let mut values = vec![self.comparison()];
        while self.take_one_of(&[","]).is_some() {
            values.push(self.comparison());
        }
        self.expect(close);
        values
    }

    fn next(&mut self) -> String {
        let token = self.tokens[self.position].clone();
        self.position += 1;
        token
    }

    fn expect(&mut self, token: &str) {
        assert_eq!(self.next(), token);
    }

    fn take_one_of(&mut self, wanted: &[&str]) -> Option<String> {
        let token = self.tokens.get(self.position)?;
        let found = wanted.contains(&token.as_str()).then(|| token.clone());
        self.position += usize::from(found.is_some());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_have_the_values_that_the_manual_says() {
        let series = Series::from([
            ("a".to_owned(), vec![Some(6.0)]),
            ("b".to_owned(), vec![None]),
        ]);
        for (expression, value) in [
            ("a + 2 * 3", Some(12.0)),
            ("(a + 2) * 3", Some(24.0)),
            ("a - 2 - 1", Some(3.0)),
            ("a + b", None),
            ("a + FILL(b, 4)", Some(10.0)),
            ("MAX([FILL(b, 0), a])", Some(6.0)),
            ("IF(a >= 6, 100 * a / 3, 0)", Some(200.0)),
            ("IF(a > 6, 1, 0)", Some(0.0)),
            ("a / FILL(b, 0)", None),
        ] {
            assert_eq!(evaluate(expression, &series, 0), value, "{expression}");
        }
    }
}
