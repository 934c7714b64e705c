//! Whether the database can hold the connections that the functions may open.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use shared::store::capacity::Capacity;

/// The parameters of the template that decide how many connections there may be.
///
/// The names are the template's, so that an error can say which number to change. CloudFormation
/// passes numbers as strings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Budget {
    pool_size: Number,
    migrate_reserved_concurrency: Number,
    unreserved_concurrency: Number,
    other_connections: Number,
    proxy_connections: Number,
    /// How much of the server's connections a proxy takes, in percent.
    #[serde(skip, default = "whole")]
    proxy_percent: Number,
    /// The reserved concurrency of every other function, by the name of its parameter.
    #[serde(flatten)]
    functions: BTreeMap<String, Number>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Number(u64);

fn whole() -> Number {
    Number(100)
}

/// One function's share.
struct Share<'a> {
    parameter: &'a str,
    environments: u64,
    connections_each: u64,
}

impl Budget {
    /// Reads the properties of the custom resource; there is no budget where none is stated.
    pub fn from_properties(properties: &Value) -> Result<Option<Self>, String> {
        let Some(budget) = properties.get("ConnectionBudget") else {
            return Ok(None);
        };
        let unreadable = |error| format!("ConnectionBudget cannot be read: {error}");
        let mut budget: Self = serde_json::from_value(budget.clone()).map_err(unreadable)?;
        if let Some(percent) = properties.get("ProxyPercent") {
            budget.proxy_percent = serde_json::from_value(percent.clone()).map_err(unreadable)?;
        }
        Ok(Some(budget))
    }

    /// The most connections that the functions may have open together.
    pub fn demand(&self) -> u64 {
        self.shares().iter().map(Share::connections).sum()
    }

    /// How many the functions may have: what the proxy takes, or what the server lets in less what
    /// others need. The proxy of a new database takes a part of that.
    pub fn limit(&self, capacity: Capacity) -> u64 {
        if self.proxy_connections.0 > 0 {
            return self.proxy_connections.0;
        }
        let open_to_all = capacity.max_connections.saturating_sub(capacity.reserved);
        u64::try_from(open_to_all)
            .unwrap_or(0)
            .saturating_mul(self.proxy_percent.0)
            .div_euclid(100)
            .saturating_sub(self.other_connections.0)
    }

    /// Whether the functions stay within the limit. The error says which number to change to what.
    pub fn check(&self, capacity: Capacity) -> Result<(), String> {
        let (demand, limit) = (self.demand(), self.limit(capacity));
        if demand <= limit {
            return Ok(());
        }
        let shares = self.shares();
        let terms: Vec<_> = shares
            .iter()
            .map(|share| format!("{} {}", share.parameter, share.connections()))
            .collect();
        Err(format!(
            "The functions may open {demand} connections ({}; PoolSize is {}), but only {limit} are \
             theirs: {}. {}",
            terms.join(" + "),
            self.pool_size.0,
            self.origin_of_limit(capacity),
            self.advice(demand - limit, &shares),
        ))
    }

    fn shares(&self) -> Vec<Share<'_>> {
        let mut shares: Vec<_> = self
            .functions
            .iter()
            .filter(|(_, environments)| environments.0 > 0)
            .map(|(parameter, environments)| Share {
                parameter,
                environments: environments.0,
                connections_each: self.pool_size.0,
            })
            .collect();
        if shares.len() < self.functions.len() {
            shares.push(Share {
                parameter: "UnreservedConcurrency",
                environments: self.unreserved_concurrency.0,
                connections_each: self.pool_size.0,
            });
        }
        // It has no pool. Where nothing is reserved, one deploy and one clean-up may meet.
        shares.push(Share {
            parameter: "MigrateReservedConcurrency",
            environments: match self.migrate_reserved_concurrency.0 {
                0 => 2,
                reserved => reserved,
            },
            connections_each: 1,
        });
        shares
    }

    fn origin_of_limit(&self, capacity: Capacity) -> String {
        if self.proxy_connections.0 > 0 {
            return format!("ProxyConnections is {}", self.proxy_connections.0);
        }
        let proxy = match self.proxy_percent.0 {
            100 => String::new(),
            percent => format!(", of the rest RDS Proxy takes {percent} %,"),
        };
        format!(
            "max_connections is {}, of which the server reserves {}{proxy} and OtherConnections keeps {}",
            capacity.max_connections, capacity.reserved, self.other_connections.0
        )
    }

    /// The largest share is the one to lower; if that cannot be enough, the pool or the server.
    fn advice(&self, excess: u64, shares: &[Share<'_>]) -> String {
        let raise = if self.proxy_connections.0 > 0 {
            "raise ProxyConnections"
        } else {
            "raise the server's max_connections"
        };
        let largest = shares.iter().max_by_key(|share| share.connections());
        let Some(share) = largest.filter(|share| share.connections() > excess) else {
            return format!("Lower PoolSize and the reserved concurrencies, or {raise}.");
        };
        let fitting = (share.connections() - excess) / share.connections_each;
        let way = if share.parameter == "UnreservedConcurrency" {
            " (or give every function a reserved concurrency)"
        } else {
            ""
        };
        if fitting == 0 {
            format!("Lower PoolSize, or {raise}.")
        } else {
            format!("Lower {} to {fitting}{way}, or {raise}.", share.parameter)
        }
    }
}

impl Share<'_> {
    fn connections(&self) -> u64 {
        self.environments.saturating_mul(self.connections_each)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        number
            .map(Self)
            .ok_or_else(|| D::Error::custom("not a whole number"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SERVER: Capacity = Capacity {
        max_connections: 100,
        reserved: 3,
    };

    fn budget(changes: &Value) -> Budget {
        let mut budget = json!({
            "PoolSize": "1",
            "StatsReservedConcurrency": "10",
            "ListUsersReservedConcurrency": "20",
            "BulkCreateReservedConcurrency": "5",
            "HealthReservedConcurrency": "5",
            "MigrateReservedConcurrency": "2",
            "UnreservedConcurrency": "1000",
            "OtherConnections": "10",
            "ProxyConnections": "0",
        });
        for (name, value) in changes.as_object().unwrap() {
            budget[name] = value.clone();
        }
        let properties = json!({ "ConnectionBudget": budget });
        Budget::from_properties(&properties).unwrap().unwrap()
    }

    #[test]
    fn the_demand_is_the_sum_of_concurrency_times_pool_size() {
        assert_eq!(budget(&json!({})).demand(), 10 + 20 + 5 + 5 + 2);
        assert_eq!(budget(&json!({ "PoolSize": "3" })).demand(), 3 * 40 + 2);
    }

    #[test]
    fn a_function_without_a_reserve_may_use_all_that_is_unreserved() {
        let unreserved = budget(&json!({ "StatsReservedConcurrency": "0" }));
        assert_eq!(unreserved.demand(), 1_000 + 20 + 5 + 5 + 2);
    }

    #[test]
    fn a_budget_that_fits_to_the_last_connection_is_accepted() {
        let fits = budget(&json!({ "ListUsersReservedConcurrency": "65" }));
        assert_eq!(fits.demand(), 87);
        assert_eq!(fits.check(SERVER), Ok(()));
    }

    #[test]
    fn an_error_says_which_number_to_change_to_what() {
        let over = budget(&json!({ "ListUsersReservedConcurrency": "100" }));
        assert_eq!(
            over.check(SERVER).unwrap_err(),
            "The functions may open 122 connections (BulkCreateReservedConcurrency 5 + \
             HealthReservedConcurrency 5 + ListUsersReservedConcurrency 100 + \
             StatsReservedConcurrency 10 + MigrateReservedConcurrency 2; PoolSize is 1), but only 87 \
             are theirs: max_connections is 100, of which the server reserves 3 and OtherConnections \
             keeps 10. Lower ListUsersReservedConcurrency to 65, or raise the server's \
             max_connections."
        );
        let fixed = budget(&json!({ "ListUsersReservedConcurrency": "65" }));
        assert_eq!(fixed.check(SERVER), Ok(()), "the advice works");
    }

    #[test]
    fn the_advice_works_for_larger_pools_too() {
        let over = budget(&json!({ "PoolSize": "2", "ListUsersReservedConcurrency": "50" }));
        let message = over.check(SERVER).unwrap_err();
        assert!(
            message.contains("Lower ListUsersReservedConcurrency to 22"),
            "{message}"
        );
        let fixed = budget(&json!({ "PoolSize": "2", "ListUsersReservedConcurrency": "22" }));
        assert_eq!(fixed.check(SERVER), Ok(()));
    }

    #[test]
    fn where_no_single_number_helps_the_error_says_so() {
        let over = budget(&json!({ "PoolSize": "30" }));
        let message = over.check(SERVER).unwrap_err();
        assert!(
            message.contains("Lower PoolSize and the reserved"),
            "{message}"
        );
    }

    #[test]
    fn a_proxys_limit_counts_instead_of_the_servers() {
        let behind_proxy = budget(&json!({
            "ListUsersReservedConcurrency": "500",
            "ProxyConnections": "600"
        }));
        assert_eq!(behind_proxy.check(SERVER), Ok(()));
        let over = budget(&json!({
            "ListUsersReservedConcurrency": "700",
            "ProxyConnections": "600"
        }));
        let message = over.check(SERVER).unwrap_err();
        assert!(message.contains("ProxyConnections is 600"), "{message}");
        assert!(
            message
                .contains("Lower ListUsersReservedConcurrency to 578, or raise ProxyConnections"),
            "{message}"
        );
    }

    #[test]
    fn the_proxy_of_a_new_database_leaves_some_connections_to_others() {
        let mut behind_proxy = budget(&json!({ "ListUsersReservedConcurrency": "45" }));
        behind_proxy.proxy_percent = Number(80);
        assert_eq!(behind_proxy.limit(SERVER), 67);
        assert_eq!(behind_proxy.check(SERVER), Ok(()));
        let properties = json!({
            "ProxyPercent": "80",
            "ConnectionBudget": {
                "PoolSize": "1",
                "ListUsersReservedConcurrency": "66",
                "MigrateReservedConcurrency": "2",
                "UnreservedConcurrency": "1000",
                "OtherConnections": "10",
                "ProxyConnections": "0",
            },
        });
        let over = Budget::from_properties(&properties).unwrap().unwrap();
        let message = over.check(SERVER).unwrap_err();
        assert!(message.contains("RDS Proxy takes 80 %"), "{message}");
        assert!(
            message.contains("Lower ListUsersReservedConcurrency to 65"),
            "{message}"
        );
    }

    #[test]
    fn a_word_where_a_number_belongs_is_named() {
        let properties = json!({ "ConnectionBudget": { "PoolSize": "many" } });
        let message = Budget::from_properties(&properties).unwrap_err();
        assert!(message.contains("ConnectionBudget"), "{message}");
    }
}
