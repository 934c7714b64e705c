//! How much memory a function has.

use rig::UserFixture;

use crate::fixture::{Api, Fixture};

/// `VmRSS:`, the memory that the process has, or `VmHWM:`, the most that it has had.
pub fn kilobytes(api: &Api, entry: &str) -> u64 {
    let pid = api.instances()[0].pid();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(entry)).unwrap();
    value.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The runtime library puts every trace id into the environment, and the C library never gives these back.
#[tokio::test]
async fn a_thousand_requests_leave_less_than_half_a_megabyte_behind() {
    let users = (101..=200).map(|id| UserFixture::new(id, &format!("user-{id}")));
    let users: Vec<_> = users.collect();
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("users").await;
    let request = fixture.get("/api/v1/users");
    let send = async |requests: u32| {
        for _ in 0..requests {
            assert_eq!(api.send(&request).await.status, 200);
        }
        kilobytes(&api, "VmRSS:")
    };
    let before = send(500).await;
    let grown = send(1_000).await.saturating_sub(before);
    assert!(grown < 500, "{before} kB, and {grown} more");
}
